/** @module Speech models made by the tests in whisper.cpp's own format: one that hears its script in every window, and one that takes minutes for a second. */
import { writeFileSync } from 'node:fs'

// Ids of the multilingual vocabulary.
const VOCABULARY = 51_865
const TEXT_TOKENS = 50_257
const END = 50_257
const FIRST_LANGUAGE = 50_259
const FIRST_TIME = 50_364
/** The languages a fixture may claim to hear, at their places in whisper's list. */
const LANGUAGES = { en: 0, de: 2, es: 3, ru: 4, fr: 6 } as const

const WIDTH = 64
const AUDIO_POSITIONS = 1500
const TEXT_POSITIONS = 448
/** Token ids of the script's words; any text ids will do. */
const FIRST_WORD = 1000

/** Writes a model that hears `words` (each with its leading space) in every window, in `language`. */
export function writeScriptedSpeechModel(
  path: string,
  { words, language }: { words: readonly string[]; language: keyof typeof LANGUAGES },
): void {
  const script = [FIRST_TIME, ...words.map((_, at) => FIRST_WORD + at), END]
  write(path, { words, language, script, layers: 1 })
}

/**
 * Writes a model whose every answer says that 20 ms were heard: the engine comes back 50 times for each second of
 * sound, and its encoder has work to do each time. Nothing but a kill ends that.
 */
export function writeHangingSpeechModel(path: string): void {
  const step = FIRST_TIME + 1
  const script = [FIRST_TIME, FIRST_WORD, step, step, FIRST_WORD, END]
  write(path, { words: [' endless'], language: 'en', script, layers: 6 })
}

interface Speech {
  readonly words: readonly string[]
  readonly language: keyof typeof LANGUAGES
  /** What follows the prompt of start, language and task. */
  readonly script: readonly number[]
  readonly layers: number
}

/**
 * All weights are zero but the token and position embeddings: each position of the decoder points at its own token of
 * the script, far stronger than the token before it, so that the answer depends on the position alone.
 */
function write(path: string, speech: Speech): void {
  const { words, language, script, layers } = speech
  const parts: Buffer[] = []
  const sizes = [VOCABULARY, AUDIO_POSITIONS, WIDTH, 1, layers, TEXT_POSITIONS, WIDTH, 1, 1, 80, 1]
  parts.push(i32s([0x67676d6c, ...sizes]), i32s([80, 201]), Buffer.alloc(80 * 201 * 4))
  parts.push(i32s([TEXT_TOKENS]))
  for (let token = 0; token < TEXT_TOKENS; token++) {
    // The engine looks up a lone space by its text.
    const text = Buffer.from(token === 220 ? ' ' : (words[token - FIRST_WORD] ?? `t${token}`))
    parts.push(i32s([text.length]), text)
  }
  const spoken = [FIRST_LANGUAGE + LANGUAGES[language], 0, ...script]
  const axes = new Map<number, number>()
  for (const token of spoken) if (!axes.has(token)) axes.set(token, axes.size)
  if (axes.size > WIDTH) throw new Error('the script is too long')
  const positions = new Float32Array(TEXT_POSITIONS * WIDTH)
  for (let at = 0; at < TEXT_POSITIONS; at++) {
    const axis = axes.get(spoken[Math.min(at, spoken.length - 1)] ?? END) ?? 0
    positions[at * WIDTH + axis] = 8
  }
  const embeddings = Buffer.alloc(VOCABULARY * WIDTH * 2)
  for (const [token, axis] of axes) embeddings.writeUInt16LE(HALF_ONE, (token * WIDTH + axis) * 2)
  const gains = new Float32Array(WIDTH).fill(4)
  parts.push(
    wide('decoder.positional_embedding', [TEXT_POSITIONS, WIDTH], positions),
    wide('encoder.positional_embedding', [AUDIO_POSITIONS, WIDTH]),
    half('decoder.token_embedding.weight', [VOCABULARY, WIDTH], embeddings),
    ...block('decoder.blocks.0', ['attn', 'cross_attn']),
    wide('decoder.ln.weight', [WIDTH], gains),
    wide('decoder.ln.bias', [WIDTH]),
    half('encoder.conv1.weight', [WIDTH, 80, 3]),
    wide('encoder.conv1.bias', [WIDTH, 1]),
    half('encoder.conv2.weight', [WIDTH, WIDTH, 3]),
    wide('encoder.conv2.bias', [WIDTH, 1]),
  )
  for (let layer = 0; layer < layers; layer++)
    parts.push(...block(`encoder.blocks.${layer}`, ['attn']))
  parts.push(wide('encoder.ln_post.weight', [WIDTH]), wide('encoder.ln_post.bias', [WIDTH]))
  writeFileSync(path, Buffer.concat(parts))
}

function block(name: string, attentions: readonly string[]): Buffer[] {
  const parts = [
    wide(`${name}.mlp_ln.weight`, [WIDTH]),
    wide(`${name}.mlp_ln.bias`, [WIDTH]),
    half(`${name}.mlp.0.weight`, [4 * WIDTH, WIDTH]),
    wide(`${name}.mlp.0.bias`, [4 * WIDTH]),
    half(`${name}.mlp.2.weight`, [WIDTH, 4 * WIDTH]),
    wide(`${name}.mlp.2.bias`, [WIDTH]),
  ]
  for (const attention of attentions) {
    parts.push(wide(`${name}.${attention}_ln.weight`, [WIDTH]))
    parts.push(wide(`${name}.${attention}_ln.bias`, [WIDTH]))
    for (const part of ['query', 'key', 'value', 'out']) {
      parts.push(half(`${name}.${attention}.${part}.weight`, [WIDTH, WIDTH]))
      // Keys have no bias in this architecture.
      if (part !== 'key') parts.push(wide(`${name}.${attention}.${part}.bias`, [WIDTH]))
    }
  }
  return parts
}

const HALF_ONE = 0x3c00

/** A float32 tensor; `shape` slowest dimension first. Zeros where no data is given. */
function wide(name: string, shape: readonly number[], data?: Float32Array): Buffer {
  const bytes = data ? Buffer.from(data.buffer) : Buffer.alloc(elements(shape) * 4)
  return Buffer.concat([tensorHead(name, shape, 0), bytes])
}

/** A float16 tensor. */
function half(name: string, shape: readonly number[], data?: Buffer): Buffer {
  return Buffer.concat([tensorHead(name, shape, 1), data ?? Buffer.alloc(elements(shape) * 2)])
}

function tensorHead(name: string, shape: readonly number[], type: 0 | 1): Buffer {
  const bytes = Buffer.from(name)
  return Buffer.concat([i32s([shape.length, bytes.length, type, ...shape.toReversed()]), bytes])
}

const elements = (shape: readonly number[]): number => shape.reduce((all, size) => all * size, 1)
const i32s = (values: readonly number[]): Buffer => Buffer.from(Int32Array.from(values).buffer)
