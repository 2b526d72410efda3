/** @module One file of a model hub over HTTP: continued by Range after a break, and quick to give up when the hub does not answer. */
import { AppError } from '../../core/app-error.ts'
import { type Clock, deadline } from '../../core/clock.ts'
import type { ModelSource } from '../../tasks/models.ts'
import type { PartFile } from './part-file.ts'

type HubSource = Extract<ModelSource, { kind: 'hub' }>

/** A person waits: a hub that does not answer within this is away. */
const CONNECT_MS = 5000
/** Redirect to the file's store included. */
const HEADERS_MS = 20_000
/** No byte for so long: the connection is dead. */
const STALL_MS = 30_000
/** Breaks in a row without one new byte. */
const MAX_BARREN_TRIES = 3
const FIRST_PAUSE_MS = 500

export interface HubDownload {
  readonly source: HubSource
  readonly part: PartFile
  /** Published size; absent for a row without a hash. */
  readonly size: number | undefined
  readonly signal: AbortSignal
  readonly onBytes: (bytes: number, total: number | undefined) => void
}

export const HUGGING_FACE = 'https://huggingface.co'

/**
 * A hub for one run of pulling: once it was away, later files do not wait for it again.
 * `base` is the scheme and host, without a closing slash.
 */
export class Hub {
  readonly #base: string
  readonly #clock: Clock
  #state: 'unknown' | 'there' | 'away' = 'unknown'

  constructor({ base, clock }: { base: string; clock: Clock }) {
    this.#base = base
    this.#clock = clock
  }

  /** Any answer at all means that the hub is there; asked once. Throws `models.source` with the reason `away`. */
  async requireThere(signal: AbortSignal): Promise<void> {
    if (this.#state === 'unknown') {
      const limit = deadline(this.#clock, CONNECT_MS, signal)
      try {
        const answer = await fetch(this.#base, {
          method: 'HEAD',
          redirect: 'manual',
          signal: limit.signal,
        })
        await answer.body?.cancel()
        this.#state = 'there'
      } catch {
        signal.throwIfAborted()
        this.#state = 'away'
      } finally {
        limit.dispose()
      }
    }
    if (this.#state === 'away') throw new AppError('models.source', { reason: 'away' })
  }

  /**
   * Fills `part` to its end; the hash is the caller's to compare.
   * Throws `models.source` with a `reason` (`not-found`, `refused`, `broken`) and `models.corrupt` when the
   * hub's file has another size than the published one.
   */
  async download(job: HubDownload): Promise<void> {
    let barren = 0
    let pauseMs = FIRST_PAUSE_MS
    for (;;) {
      const before = job.part.length
      if ((await this.#fetchOnce(job)) === 'complete') return
      job.signal.throwIfAborted()
      barren = job.part.length > before ? 0 : barren + 1
      if (barren >= MAX_BARREN_TRIES) throw new AppError('models.source', { reason: 'broken' })
      pauseMs = barren === 0 ? FIRST_PAUSE_MS : pauseMs * 2
      await this.#clock.sleep(pauseMs, job.signal)
    }
  }

  async #fetchOnce(job: HubDownload): Promise<'complete' | 'broken'> {
    const stall = new AbortController()
    const signal = AbortSignal.any([job.signal, stall.signal])
    let disarm = this.#clock.after(HEADERS_MS, () => stall.abort())
    try {
      const answer = await this.#ask(job, signal)
      if (answer === 'complete' || answer === 'broken') return answer
      for await (const chunk of answer.body) {
        disarm()
        if (job.size !== undefined && job.part.length + chunk.length > job.size)
          throw new AppError('models.corrupt', { field: 'size' })
        await job.part.write(chunk)
        job.onBytes(job.part.length, answer.total)
        disarm = this.#clock.after(STALL_MS, () => stall.abort())
      }
      return job.part.length === answer.total ? 'complete' : 'broken'
    } catch (error) {
      if (error instanceof AppError) throw error
      // A broken connection; what arrived is kept and the next try goes on behind it.
      return 'broken'
    } finally {
      disarm()
      stall.abort()
    }
  }

  async #ask(
    { source, part, size }: HubDownload,
    signal: AbortSignal,
  ): Promise<Answer | 'complete' | 'broken'> {
    if (size !== undefined && part.length === size) return 'complete'
    const { repo, revision, file } = source
    const offset = part.length
    const response = await fetch(`${this.#base}/${repo}/resolve/${revision}/${file}`, {
      signal,
      headers: {
        // A compressed transfer has other ranges than the file.
        'accept-encoding': 'identity',
        ...(offset > 0 && { range: `bytes=${String(offset)}-` }),
        ...(offset > 0 && part.etag !== undefined && { 'if-range': part.etag }),
      },
    })
    const { status, headers, body } = response
    if (status === 416) {
      await body?.cancel()
      await part.restart()
      return 'broken'
    }
    if ((status !== 200 && status !== 206) || !body) {
      await body?.cancel()
      if (status >= 500 || status === 429) return 'broken'
      throw new AppError('models.source', {
        reason: status === 404 ? 'not-found' : 'refused',
        status,
      })
    }
    const total = status === 206 ? rangeTotal(headers, offset) : contentLength(headers)
    if (size !== undefined && total !== undefined && total !== size)
      throw new AppError('models.corrupt', { field: 'size' })
    // The whole file again: it changed, or the hub knows no ranges.
    if (status === 200) await part.restart(strongEtag(headers))
    return { body, total: total ?? size }
  }
}

interface Answer {
  readonly body: AsyncIterable<Uint8Array>
  readonly total: number | undefined
}

/** `bytes 100-199/200`; another start than the asked one would splice wrong bytes. */
function rangeTotal(headers: Headers, offset: number): number {
  const range = /^bytes (\d+)-\d+\/(\d+)$/.exec(headers.get('content-range') ?? '')
  if (!range || Number(range[1]) !== offset)
    throw new AppError('models.source', { reason: 'refused', status: 206 })
  return Number(range[2])
}

const contentLength = (headers: Headers): number | undefined => {
  const text = headers.get('content-length')
  return text === null ? undefined : Number(text)
}

/** A weak tag does not promise equal bytes. */
const strongEtag = (headers: Headers): string | undefined => {
  const tag = headers.get('etag')
  return tag !== null && /^"[\x21\x23-\x7e]*"$/.test(tag) ? tag : undefined
}
