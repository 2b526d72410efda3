/** @module One small question over HTTP to an agent of the same guest, by loopback or unix socket. */
import { request } from 'node:http'
import { TeeError } from '../verify/codes.ts'

/** Where an agent listens. */
export type AgentAddress = { readonly port: number } | { readonly socketPath: string }

interface Question {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly json?: object
}

/** Far above any quote with its event log. */
const MAX_ANSWER_BYTES = 1_048_576

/** The body of an answer with status 200; redirects are not followed. Throws `SRC_ABSENT` when nobody listens, `SRC_IO` otherwise. */
export function askAgent(
  address: AgentAddress,
  question: Question,
  signal: AbortSignal,
): Promise<Buffer> {
  const body = question.json === undefined ? undefined : JSON.stringify(question.json)
  const place = 'port' in address ? { host: '127.0.0.1', port: address.port } : address
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        ...place,
        method: question.method,
        path: question.path,
        headers: { accept: 'application/json', 'content-type': 'application/json' },
        signal,
        agent: false,
      },
      (answer) => {
        const parts: Buffer[] = []
        let bytes = 0
        answer.on('data', (part: Buffer) => {
          bytes += part.length
          parts.push(part)
          if (bytes > MAX_ANSWER_BYTES) answer.destroy(new TeeError('SRC_IO'))
        })
        answer.on('error', reject)
        answer.on('end', () => {
          if (answer.statusCode === 200) resolve(Buffer.concat(parts))
          else reject(new TeeError(answer.statusCode === 404 ? 'SRC_ABSENT' : 'SRC_IO'))
        })
      },
    )
    sent.on('error', (error) => reject(isAbsent(error) ? new TeeError('SRC_ABSENT') : error))
    sent.end(body)
  })
}

const isAbsent = (error: Error): boolean =>
  'code' in error && (error.code === 'ECONNREFUSED' || error.code === 'ENOENT')

/** JSON of an agent's answer; `SRC_IO` when it is none. */
export function parseAnswer(body: Buffer): unknown {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'))
    return value
  } catch {
    throw new TeeError('SRC_IO')
  }
}
