/** @module One text slot: a sequence of the model's context that runs one request at a time and forgets it before it is free. */
import type { LlamaContext, LlamaContextSequence, LlamaModel, Token } from 'node-llama-cpp'
import { AppError } from '../../core/app-error.ts'
import type { RunOptions, TextAnswer, TextEngine, TextRequest } from '../../tasks/task.ts'
import { createAnswerText } from './answer-text.ts'
import { engineError } from './engine-error.ts'
import { commonLength, type Prompt } from './prompt.ts'
import { createPromptPace } from './prompt-pace.ts'

/** Tokens of room that must stay free beside prompt and answer, so that the context is never shifted. */
const MARGIN_TOKENS = 64
/** Generated tokens between two reports of the speed: 1–3 s of a 1.5B model. */
const REPORT_TOKENS = 16
/** What a measurement of the speed generates at most, and how long it may take. */
const PROBE_TOKENS = 12
const PROBE_MS = 2000
/** A character has at most 4 bytes, and a token at least one: this many tokens without a whole character are not text. */
const MAX_BROKEN_TOKENS = 8

export interface TextSlotDeps {
  readonly model: LlamaModel
  readonly context: LlamaContext
  readonly prompt: (request: TextRequest) => Prompt
  readonly count: (text: string) => number
  /** Told now and then how many tokens took how long, so that the thread choice can be corrected. */
  readonly onGenerated: (tokens: number, ms: number) => void
  readonly now: () => number
}

/**
 * A `TextEngine` over one sequence. The system part and the user part's lead stay evaluated for the next request; all
 * else is erased when a run ends, however it ends (ENG A4). Runs do not overlap.
 */
export class TextSlot implements TextEngine {
  readonly contextTokens: number
  readonly #deps: TextSlotDeps
  readonly #pace = createPromptPace()
  #sequence: LlamaContextSequence
  #isRunning = false
  #probe: { isWanted: boolean; readonly ended: Promise<unknown> } | undefined

  constructor(deps: TextSlotDeps) {
    this.#deps = deps
    this.#sequence = deps.context.getSequence()
    this.contextTokens = deps.context.contextSize
  }

  count(text: string): number {
    return this.#deps.count(text)
  }

  /** Tokens the slot holds between runs: shared ones only. For tests and the assertion of ENG A4. */
  get heldTokens(): readonly Token[] {
    return this.#sequence.contextTokens
  }

  /** The engine's own meter, cumulative; for tests. */
  get meter(): { readonly usedInputTokens: number; readonly usedOutputTokens: number } {
    return this.#sequence.tokenMeter.getState()
  }

  /** Throws `input.too-long` (with `tokens` and `limit`), `job.cancelled`, `engine.crash`, `engine.oom`. */
  async run(request: TextRequest, options: RunOptions): Promise<TextAnswer> {
    throwIfCancelled(options.signal)
    // Two runs in one sequence would read each other's text.
    if (this.#isRunning) throw new AppError('engine.stuck')
    this.#isRunning = true
    try {
      await this.#endProbe()
      return await this.#runAlone(request, options)
    } finally {
      this.#isRunning = false
    }
  }

  get isRunning(): boolean {
    return this.#isRunning
  }

  /** Tokens generated a second, of a short generation on a fixed text; undefined when a run came in between. */
  async measure(): Promise<number | undefined> {
    if (this.#isRunning || this.#probe) return undefined
    const ended = Promise.withResolvers<void>()
    const probe = { isWanted: true, ended: ended.promise }
    this.#probe = probe
    const held = this.#sequence.contextTokens
    try {
      return await this.#timeTokens(probe)
    } catch (error) {
      throw engineError(error)
    } finally {
      await this.#forget(held)
      this.#probe = undefined
      ended.resolve()
    }
  }

  async #timeTokens(probe: { readonly isWanted: boolean }): Promise<number | undefined> {
    const { model, now } = this.#deps
    let began = 0
    let count = -1
    for await (const _ of this.#sequence.evaluate(model.tokenize('one two three four'), {
      temperature: 0,
      yieldEogToken: true,
    })) {
      // The first token comes with the prompt and is not counted.
      if (count < 0) began = now()
      count++
      if (!probe.isWanted) return undefined
      if (count >= PROBE_TOKENS || now() - began >= PROBE_MS) break
    }
    return count < 1 ? undefined : (count * 1000) / Math.max(1, now() - began)
  }

  async #endProbe(): Promise<void> {
    if (!this.#probe) return
    this.#probe.isWanted = false
    await this.#probe.ended
  }

  async #runAlone(request: TextRequest, options: RunOptions): Promise<TextAnswer> {
    const prompt = this.#deps.prompt(request)
    const limit = this.contextTokens - request.maxTokens - MARGIN_TOKENS
    if (prompt.tokens.length > limit)
      throw new AppError('input.too-long', { tokens: prompt.tokens.length, limit })
    try {
      return await this.#generate(prompt, request, options)
    } catch (error) {
      throw engineError(error)
    } finally {
      await this.#forget(prompt.shared())
    }
  }

  async #generate(
    prompt: Prompt,
    request: TextRequest,
    { signal, onDelta }: RunOptions,
  ): Promise<TextAnswer> {
    const last = await this.#evaluateMost(prompt, signal)
    const answer = createAnswerText(prompt.stopTexts)
    const decode = createDecoder(this.#deps.model, prompt.tokens)
    const report = this.#reporter()
    const began = this.#deps.now()
    let outTokens = 0
    let stop: TextAnswer['stop'] = 'end'
    const tokens = this.#sequence.evaluate(last.tokens, {
      temperature: 0,
      ...(request.seed !== undefined && { seed: request.seed }),
      contextShift: { strategy: refuseShift },
    })
    for await (const token of tokens) {
      if (outTokens === 0) this.#pace.took(last.tokens.length, this.#deps.now() - began)
      throwIfCancelled(signal)
      if (prompt.stopTokens.has(token)) break
      outTokens++
      report(outTokens)
      const piece = decode(token)
      if (piece !== '' && answer.add(piece)) {
        stop = 'stop-text'
        break
      }
      if (piece !== '') onDelta?.(answer.shown())
      if (outTokens >= request.maxTokens) {
        stop = 'limit'
        break
      }
    }
    throwIfCancelled(signal)
    return {
      text: answer.whole(),
      units: {
        inTokens: prompt.tokens.length,
        cachedTokens: last.cachedTokens,
        outTokens,
        audioMs: 0,
      },
      stop,
    }
  }

  /** Reports the speed of every so many tokens after the first, which comes with the prompt. */
  #reporter(): (outTokens: number) => void {
    const { now, onGenerated } = this.#deps
    let since = 0
    return (outTokens) => {
      if (outTokens % REPORT_TOKENS !== 1) return
      const at = now()
      if (outTokens > 1) onGenerated(REPORT_TOKENS, at - since)
      since = at
    }
  }

  /** Evaluates the prompt but for a last piece, which the generation begins with. */
  async #evaluateMost(
    prompt: Prompt,
    signal: AbortSignal,
  ): Promise<{ tokens: Token[]; cachedTokens: number }> {
    // At least one token must be evaluated to get the first new one.
    const kept = commonLength(this.#sequence.contextTokens, prompt.tokens.slice(0, -1))
    await this.#keep(kept)
    const cachedTokens = this.#sequence.nextTokenIndex
    let at = cachedTokens
    while (prompt.tokens.length - at > this.#pace.tokens()) {
      const piece = prompt.tokens.slice(at, at + this.#pace.tokens())
      const began = this.#deps.now()
      await this.#sequence.evaluateWithoutGeneratingNewTokens(piece, {
        contextShift: { strategy: refuseShift },
      })
      this.#pace.took(piece.length, this.#deps.now() - began)
      throwIfCancelled(signal)
      at += piece.length
    }
    return { tokens: prompt.tokens.slice(at), cachedTokens }
  }

  /** Erases everything but the first `length` tokens. */
  async #keep(length: number): Promise<void> {
    const sequence = this.#sequence
    if (length >= sequence.nextTokenIndex) return
    // Sliding windows and recurrent layers cannot erase a part.
    if (length === 0 || sequence.needsCheckpoints) await sequence.clearHistory()
    else await sequence.eraseContextTokenRanges([{ start: length, end: sequence.nextTokenIndex }])
  }

  /** Leaves only tokens of `shared` in the slot; a sequence that cannot is thrown away and made anew. */
  async #forget(shared: readonly Token[]): Promise<void> {
    try {
      await this.#keep(commonLength(this.#sequence.contextTokens, shared))
      if (this.#sequence.nextTokenIndex <= shared.length) return
    } catch {
      // Falls through to a new sequence.
    }
    await this.#sequence.dispose()
    this.#sequence = this.#deps.context.getSequence()
  }

  async close(): Promise<void> {
    await this.#sequence.dispose()
  }
}

/** Text of tokens as they come; a character split over tokens waits until it is whole. */
function createDecoder(model: LlamaModel, before: readonly Token[]): (token: Token) => string {
  const context = before.slice(-8)
  let pending: Token[] = []
  return (token) => {
    pending.push(token)
    const text = model.detokenize(pending, false, context)
    if (text.endsWith('\uFFFD') && pending.length < MAX_BROKEN_TOKENS) return ''
    context.push(...pending)
    context.splice(0, Math.max(0, context.length - 8))
    pending = []
    return text
  }
}

/** The prompt was counted before: a shift would silently drop the user's text. */
function refuseShift(): never {
  throw new AppError('input.too-long')
}

function throwIfCancelled(signal: AbortSignal): void {
  if (signal.aborted) throw new AppError('job.cancelled')
}
