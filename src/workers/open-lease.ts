/** @module From a lease frame to an open job: the key unwrapped for this lease alone, the envelope opened, the input parsed. */
import { AppError } from '../core/app-error.ts'
import type { FrameOf } from '../core/frames.ts'
import type { ModelId } from '../core/ids.ts'
import { taskOf } from '../tasks/index.ts'
import type { Task } from '../tasks/task.ts'
import { openWrap } from '../tee/client/wrap.ts'
import { wipe } from '../tee/crypto/aead.ts'
import { fromBase64url } from '../tee/crypto/binary.ts'
import { unwrapCek } from '../tee/keys/session-keys.ts'
import type { AttachedBlob } from '../tee/sealing/envelope.ts'
import { envelopeHash, openEnvelope } from '../tee/sealing/envelope.ts'
import type { WorkerSession } from './enrol.ts'

export interface OpenedLease {
  readonly task: Task<unknown>
  readonly model: ModelId
  readonly input: unknown
  readonly cek: Uint8Array
  readonly resultSecret: Uint8Array
  readonly envHash: string
  /** H(input record), hex. */
  readonly inputHash: string
  readonly inputSalt: Uint8Array
  readonly attached?: AttachedBlob
  /** Wipes the keys. */
  close(): void
}

/**
 * Opens the job of a lease whose signature was checked. The text itself is not wiped: the task's strings cannot be.
 * Throws `env.*` for anything that is not the lease's, `input.task-unknown`, `input.unsupported` for an input the task
 * does not take.
 */
export async function openLease(
  session: WorkerSession,
  lease: FrameOf<'lease'>,
): Promise<OpenedLease> {
  const { envelope } = lease
  if (envelope.job !== lease.job) throw new AppError('env.shape')
  const envHash = envelopeHash(envelope)
  const { cek, resultSecret } = await (envelope.wraps ? clientKeys : brokerKeys)(session, {
    lease,
    envHash,
  })
  const close = (): void => wipe(cek, resultSecret)
  try {
    const { net } = session.sessionKeys.context
    const nowSeconds = Math.floor(session.now() / 1000)
    const opened = openEnvelope(envelope, { cek, net, nowSeconds })
    const task = taskOf(envelope.task)
    const input = parseInput(task, opened.content.reveal())
    opened.content.wipe()
    return {
      task,
      model: envelope.model,
      input,
      cek,
      resultSecret,
      envHash,
      inputHash: opened.inputHash,
      inputSalt: opened.salt,
      ...attachedOf(lease, opened.blobLength),
      close,
    }
  } catch (error) {
    close()
    throw error
  }
}

interface HashedLease {
  readonly lease: FrameOf<'lease'>
  readonly envHash: string
}
interface LeaseKeys {
  readonly cek: Uint8Array
  readonly resultSecret: Uint8Array
}

async function brokerKeys(
  session: WorkerSession,
  { lease, envHash }: HashedLease,
): Promise<LeaseKeys> {
  const wrap = fromBase64url(lease.wrap, 48)
  if (!wrap) throw new AppError('env.shape')
  const place = { job: lease.job, attempt: lease.attempt, lease: lease.lease }
  return unwrapCek(session.sessionKeys, place, { wrap, envHash })
}

/** The asker sealed the key to this worker itself: nothing of it comes from the broker. */
async function clientKeys(
  session: WorkerSession,
  { lease, envHash }: HashedLease,
): Promise<LeaseKeys> {
  const { kid, kem } = session.keys
  const { net, epoch } = session.sessionKeys.context
  const wrap = lease.envelope.wraps?.find((it) => it.kid === kid)
  if (!wrap || lease.wrap !== '') throw new AppError('env.shape')
  const place = { net, job: lease.job, kid, epoch }
  const { cek, resultSecretOf } = await openWrap({ to: 'worker', kem, place }, { wrap, envHash })
  return { cek, resultSecret: await resultSecretOf(lease.attempt) }
}

/** Parser errors may quote the text, so they are dropped, even as causes. */
function parseInput(task: Task<unknown>, bytes: Uint8Array): unknown {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw new AppError('input.unsupported')
  }
  const parsed = task.input.safeParse(value)
  if (!parsed.success) throw new AppError('input.unsupported')
  return parsed.data
}

function attachedOf(
  { envelope: { blob } }: FrameOf<'lease'>,
  length: number | undefined,
): { attached?: AttachedBlob } {
  return blob && length !== undefined ? { attached: { blob, length } } : {}
}
