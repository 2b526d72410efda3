/** @module What travels over Redis pub/sub: sealed drafts to a front, and ids as hints. Every message may be lost; rows are the truth. */
import { type FrontId, isJobId, isPoolId, type JobId, type PoolId } from '../core/ids.ts'

/** Messages to one front. */
export const frontChannel = (front: FrontId): string => `front:${front}`
/** Messages to all gateways. */
export const gatewaysChannel = 'gateways'

/** `chunk`: a sealed chunk of a running answer, exactly as the worker sent it. `ended`: the job's row has settled. */
export type FrontMessage =
  | { readonly kind: 'ended'; readonly job: JobId }
  | {
      readonly kind: 'chunk'
      readonly job: JobId
      readonly attempt: number
      readonly header: string
      readonly chunk: Uint8Array
    }

const ENDED = 1
const CHUNK = 2
const JOB_BYTES = 16

/** `u8 1 ‖ job (16)` or `u8 2 ‖ job (16) ‖ u32be attempt ‖ u16be n ‖ header (n) ‖ chunk`. */
export function encodeFrontMessage(message: FrontMessage): Buffer {
  const job = Buffer.from(message.job, 'hex')
  if (message.kind === 'ended') return Buffer.concat([Buffer.of(ENDED), job])
  const header = Buffer.from(message.header, 'utf8')
  const numbers = Buffer.alloc(6)
  numbers.writeUInt32BE(message.attempt, 0)
  numbers.writeUInt16BE(header.length, 4)
  return Buffer.concat([Buffer.of(CHUNK), job, numbers, header, message.chunk])
}

/** Undefined for anything malformed: Redis is not trusted. */
export function decodeFrontMessage(bytes: Buffer): FrontMessage | undefined {
  const job = bytes.subarray(1, 1 + JOB_BYTES).toString('hex')
  if (!isJobId(job)) return undefined
  if (bytes[0] === ENDED) return { kind: 'ended', job }
  const start = 1 + JOB_BYTES + 6
  if (bytes[0] !== CHUNK || bytes.length < start) return undefined
  const end = start + bytes.readUInt16BE(start - 2)
  if (bytes.length < end) return undefined
  return {
    kind: 'chunk',
    job,
    attempt: bytes.readUInt32BE(1 + JOB_BYTES),
    header: bytes.subarray(start, end).toString('utf8'),
    chunk: bytes.subarray(end),
  }
}

/** `ended`: stop working on it. `wake`: a job of the pool waits again, and BullMQ tells no idle fetcher. */
export type GatewayMessage =
  | { readonly kind: 'ended'; readonly job: JobId; readonly reason: 'user' | 'deadline' }
  | { readonly kind: 'wake'; readonly pool: PoolId }

export const encodeGatewayMessage = (message: GatewayMessage): string =>
  message.kind === 'wake' ? `wake ${message.pool}` : `ended ${message.job} ${message.reason}`

export function decodeGatewayMessage(bytes: Buffer): GatewayMessage | undefined {
  const [kind, id = '', reason] = bytes.toString('utf8').split(' ')
  if (kind === 'wake' && isPoolId(id)) return { kind, pool: id }
  if (kind === 'ended' && isJobId(id) && (reason === 'user' || reason === 'deadline'))
    return { kind, job: id, reason }
  return undefined
}
