/** @module One provider of toncenter's JSON-RPC: its rate, its deadline, and what its refusals mean. */
import { z } from 'zod'
import { AppError } from '../../core/app-error.ts'
import { type Clock, deadline } from '../../core/clock.ts'
import type { Secret } from '../../core/plaintext.ts'

export interface Provider {
  /** Where `POST` goes: `…/jsonRPC`. */
  readonly endpoint: string
  readonly apiKey?: Secret
  /** Requests a second that the provider allows: 1 without a key at toncenter. Absent: no limit. */
  readonly perSecond?: number
  /** Of one request, milliseconds. 15 s by default. */
  readonly timeoutMs?: number
}

export interface Transport {
  /** The endpoint's answer to one request, of which `ok` is true. Tries once. */
  post(body: string): Promise<unknown>
  /** The result of one method. Tries once. */
  call(method: string, params: object): Promise<unknown>
}

/** The state of the largest vault (30 000 payees) is about 3 MB, in base64 4 MB. */
const maxAnswerBytes = 32 * 1024 * 1024
const defaultTimeoutMs = 15_000

const answerSchema = z.object({ ok: z.literal(true), result: z.unknown() })
const errorSchema = z.object({ error: z.string() })

/**
 * Throws `chain.refused` when an account would not accept a message (`exit` if that is said), else `chain.unavailable`
 * with `status`: HTTP's, 0 when there was no answer in time, 200 for an answer that does not read.
 */
export function createTransport(provider: Provider, clock: Clock): Transport {
  const { endpoint, apiKey, perSecond, timeoutMs = defaultTimeoutMs } = provider
  const gapMs = perSecond === undefined ? 0 : Math.ceil(1000 / perSecond)
  const headers = {
    'content-type': 'application/json',
    ...(apiKey && { 'x-api-key': apiKey.reveal() }),
  }
  let freeAtMs = 0

  /** Requests start at least `gapMs` apart, in the order they came. */
  const turn = async (): Promise<void> => {
    const now = clock.now()
    const at = Math.max(now, freeAtMs)
    freeAtMs = at + gapMs
    if (at > now) await clock.sleep(at - now)
  }

  const post = async (body: string): Promise<unknown> => {
    await turn()
    const { signal, dispose } = deadline(clock, timeoutMs)
    try {
      const response = await fetch(endpoint, {
        method: 'POST',
        redirect: 'error',
        headers,
        body,
        signal,
      })
      return meaning(response.status, await text(response))
    } catch (error) {
      if (error instanceof AppError) throw error
      throw new AppError('chain.unavailable', { status: 0 }, { cause: error })
    } finally {
      dispose()
    }
  }

  return {
    post,
    call: async (method, params) => {
      const answer = await post(JSON.stringify({ id: '1', jsonrpc: '2.0', method, params }))
      return answerSchema.parse(answer).result
    },
  }
}

async function text(response: Response): Promise<string> {
  const parts: Uint8Array[] = []
  const reader = response.body?.getReader()
  let size = 0
  for (;;) {
    const part: unknown = (await reader?.read())?.value
    if (!(part instanceof Uint8Array)) break
    size += part.length
    if (size > maxAnswerBytes) throw new RangeError('an answer without end')
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

function meaning(status: number, body: string): unknown {
  const value = parsed(body)
  if (status === 200 && answerSchema.safeParse(value).success) return value
  const words = errorSchema.safeParse(value).data?.error ?? ''
  // What a lite server says of a message that the account's code, or its balance, does not take.
  if (/cannot apply external message|external message was not accepted/i.test(words)) {
    const exit = /exit ?code[=: ]+(-?\d+)/i.exec(words)?.[1]
    throw new AppError('chain.refused', exit === undefined ? {} : { exit: Number(exit) })
  }
  throw new AppError('chain.unavailable', { status })
}

function parsed(body: string): unknown {
  try {
    const value: unknown = JSON.parse(body)
    return value
  } catch {
    return undefined
  }
}
