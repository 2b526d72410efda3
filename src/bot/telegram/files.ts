/** @module Files from Telegram, streamed: the link holds the bot's token, so it is never stored, logged or given away. */
import type { Api } from 'grammy'
import { AppError } from '../../core/app-error.ts'
import { type Clock, deadline } from '../../core/clock.ts'
import type { Secret } from '../../core/plaintext.ts'
import type { FileRef } from '../requests/incoming.ts'
import { refusalOf } from './refusals.ts'

export interface Files {
  /**
   * The file's bytes as they arrive; throws `input.too-large` beyond 20 MiB and `telegram.file` when it cannot be had
   * or ends early.
   */
  stream(file: FileRef): AsyncIterable<Uint8Array>
  /** The whole file; same refusals. */
  read(file: FileRef): Promise<Uint8Array>
}

const maxBytes = 20 * 1024 * 1024
const downloadMs = 5 * 60_000

export function createFiles(deps: {
  api: Api
  root: string
  token: Secret
  clock: Clock
  signal: AbortSignal
}): Files {
  async function* stream(file: FileRef): AsyncGenerator<Uint8Array> {
    const limit = deadline(deps.clock, downloadMs, deps.signal)
    try {
      const response = await open(deps, file, limit.signal)
      let size = 0
      for await (const chunk of response.body) {
        size += chunk.length
        if (size > maxBytes) throw new AppError('input.too-large', { maxBytes })
        yield chunk
      }
      if (response.expected !== undefined && size !== response.expected)
        throw new AppError('telegram.file', { size, expected: response.expected })
    } catch (error) {
      if (error instanceof AppError) throw error
      throw new AppError('telegram.file', {}, { cause: error })
    } finally {
      limit.dispose()
    }
  }
  return {
    stream,
    read: async (file) => {
      const chunks: Uint8Array[] = []
      for await (const chunk of stream(file)) chunks.push(chunk)
      return Buffer.concat(chunks)
    },
  }
}

async function open(
  deps: { api: Api; root: string; token: Secret },
  { fileId }: FileRef,
  signal: AbortSignal,
): Promise<{ body: AsyncIterable<Uint8Array>; expected?: number }> {
  const { file_path: path, file_size: size } = await deps.api.getFile(fileId).catch(tooBig)
  if (path === undefined) throw new AppError('telegram.file')
  const url = `${deps.root}/file/bot${deps.token.reveal()}/${path}`
  const response = await fetch(url, { signal, redirect: 'error' })
  if (!response.ok || response.body === null)
    throw new AppError('telegram.file', { status: response.status })
  return { body: response.body, ...(size !== undefined && { expected: size }) }
}

/** The size is not always known before; then Telegram's refusal tells it. */
function tooBig(error: unknown): never {
  if (refusalOf(error)?.kind === 'too-big') throw new AppError('input.too-large', { maxBytes })
  throw error
}
