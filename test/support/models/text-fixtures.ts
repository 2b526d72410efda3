/** @module Language models made by the tests: one that says its script, one that never ends, and one with random weights. */
import { type GgufTensor, writeGguf } from './gguf.ts'

/** ChatML, as the real models of the manifest use it. */
const TEMPLATE =
  "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
const CONTROLS = ['<|endoftext|>', '<|im_start|>', '<|im_end|>']
const [NORMAL, CONTROL] = [1, 3]
const CONTEXT_TOKENS = 4096

interface Vocabulary {
  readonly tokens: readonly string[]
  readonly merges: readonly string[]
  readonly end: number
}

interface Shape {
  readonly width: number
  readonly layers: number
  readonly heads: number
  readonly feedForward: number
}

/**
 * Writes a model that answers every prompt with `words`, each one token, then ends.
 * A word has its leading space and no punctuation, which is a word of its own (`' day'`, `'.'`), so that the tokenizer counts it as one again.
 * No word may occur twice, since the model only knows the word before.
 * Other text costs one token a byte.
 */
export function writeScriptedModel(path: string, words: readonly string[]): void {
  writeChain(path, words, 'end')
}

/** Writes a model that repeats `words` for ever. */
export function writeEndlessModel(path: string, words: readonly string[]): void {
  writeChain(path, words, 'again')
}

/** Writes a model with random weights from `seed`, whose letters depend on everything in its context. It never ends by itself. */
export function writeRandomModel(path: string, seed: number): void {
  const vocabulary = vocabularyOf([])
  const random = randomSource(seed)
  const shape = { width: 64, layers: 2, heads: 4, feedForward: 128 }
  const size = vocabulary.tokens.length
  const output = new Float32Array(size * shape.width)
  for (const [token, text] of vocabulary.tokens.entries()) {
    if (!/^[a-zĠ]$/.test(text)) continue
    for (let at = 0; at < shape.width; at++) output[token * shape.width + at] = random()
  }
  const fill = (length: number, scale: number): Float32Array =>
    Float32Array.from({ length }, () => random() * scale)
  write(path, { vocabulary, shape, embedding: fill(size * shape.width, 1), output, fill })
}

/** Every byte leads to the first word, every word to the next: attention and feed-forward are zero, embeddings one-hot. */
function writeChain(path: string, words: readonly string[], last: 'end' | 'again'): void {
  if (new Set(words).size !== words.length) throw new Error('a word of the script occurs twice')
  const vocabulary = vocabularyOf(words)
  const { tokens, end } = vocabulary
  const width = Math.ceil(tokens.length / 32) * 32
  const idOf = (word: string | undefined): number =>
    word === undefined ? end : tokens.indexOf(byteText(word))
  const next = tokens.map(() => idOf(words[0]))
  for (const [at, word] of words.entries())
    next[idOf(word)] = idOf(words[at + 1] ?? (last === 'again' ? words[0] : undefined))
  const embedding = new Float32Array(tokens.length * width)
  const output = new Float32Array(tokens.length * width)
  for (const [token, follower] of next.entries()) {
    embedding[token * width + token] = 1
    output[follower * width + token] = 1
  }
  const shape = { width, layers: 1, heads: width / 32, feedForward: 32 }
  const fill = (length: number): Float32Array => new Float32Array(length)
  write(path, { vocabulary, shape, embedding, output, fill })
}

function write(
  path: string,
  model: {
    readonly vocabulary: Vocabulary
    readonly shape: Shape
    readonly embedding: Float32Array
    readonly output: Float32Array
    readonly fill: (length: number, scale: number) => Float32Array
  },
): void {
  const { vocabulary, shape, embedding, output, fill } = model
  const { width, layers, heads, feedForward } = shape
  const { tokens, merges, end } = vocabulary
  const ones = (): Float32Array => new Float32Array(width).fill(1)
  const tensors: GgufTensor[] = [
    { name: 'token_embd.weight', shape: [width, tokens.length], data: embedding },
    { name: 'output_norm.weight', shape: [width], data: ones() },
    { name: 'output.weight', shape: [width, tokens.length], data: output },
  ]
  const scale = 1.5 / Math.sqrt(width)
  for (let layer = 0; layer < layers; layer++) {
    const add = (name: string, dims: readonly number[], data: Float32Array): void => {
      tensors.push({ name: `blk.${layer}.${name}.weight`, shape: dims, data })
    }
    add('attn_norm', [width], ones())
    add('ffn_norm', [width], ones())
    for (const name of ['attn_q', 'attn_k', 'attn_v', 'attn_output'])
      add(name, [width, width], fill(width * width, scale))
    for (const name of ['ffn_gate', 'ffn_up'])
      add(name, [width, feedForward], fill(width * feedForward, scale))
    add('ffn_down', [feedForward, width], fill(width * feedForward, scale))
  }
  const metadata = {
    'general.architecture': { text: 'llama' },
    'general.name': { text: 'fixture' },
    'llama.context_length': { u32: CONTEXT_TOKENS },
    'llama.embedding_length': { u32: width },
    'llama.block_count': { u32: layers },
    'llama.feed_forward_length': { u32: feedForward },
    'llama.attention.head_count': { u32: heads },
    'llama.attention.head_count_kv': { u32: heads },
    'llama.attention.layer_norm_rms_epsilon': { f32: 1e-5 },
    'llama.rope.dimension_count': { u32: width / heads },
    'llama.vocab_size': { u32: tokens.length },
    'tokenizer.ggml.model': { text: 'gpt2' },
    'tokenizer.ggml.pre': { text: 'gpt-2' },
    'tokenizer.ggml.tokens': { texts: tokens },
    'tokenizer.ggml.token_type': {
      i32s: tokens.map((token) => (CONTROLS.includes(token) ? CONTROL : NORMAL)),
    },
    'tokenizer.ggml.merges': { texts: merges },
    'tokenizer.ggml.eos_token_id': { u32: end },
    'tokenizer.ggml.add_bos_token': { bool: false },
    'tokenizer.chat_template': { text: TEMPLATE },
  }
  writeGguf(path, metadata, tensors)
}

/** One token a byte, the control tokens, and `words` with the merges that make each of them one token again. */
function vocabularyOf(words: readonly string[]): Vocabulary {
  const tokens = new Set([...byteAlphabet(), ...CONTROLS])
  const merges = new Set<string>()
  for (const word of words) {
    const [first = '', ...rest] = byteText(word)
    let grown = first
    for (const letter of rest) {
      merges.add(`${grown} ${letter}`)
      grown += letter
      tokens.add(grown)
    }
  }
  // The list must not be empty; this pair occurs in no text.
  merges.add('ÿ ÿ')
  const list = [...tokens]
  return { tokens: list, merges: [...merges], end: list.indexOf('<|im_end|>') }
}

/** GPT-2's printable stand-ins of the 256 bytes. */
function byteAlphabet(): string[] {
  let spare = 256
  return Array.from({ length: 256 }, (_, byte) => {
    const isPrintable =
      (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || (byte >= 174 && byte <= 255)
    return String.fromCodePoint(isPrintable ? byte : spare++)
  })
}

const byteText = (text: string): string => {
  const alphabet = byteAlphabet()
  return [...Buffer.from(text)].map((byte) => alphabet[byte]).join('')
}

/** mulberry32: numbers from −1 to 1, the same for the same seed. */
function randomSource(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 31 - 1
  }
}
