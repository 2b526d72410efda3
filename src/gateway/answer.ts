/** @module What the gateway knows of an attempt's answer when it settles: read by itself, or, where the asker holds the key, only passed on. */
import { randomBytes } from 'node:crypto'
import { AppError } from '../core/app-error.ts'
import type { Net } from '../core/config.ts'
import { type TaskOutput, taskOutputSchema } from '../tasks/task.ts'
import { nodeHashes } from '../tee/crypto/node-crypto.ts'
import { viewHash } from '../tee/receipts/note.ts'
import {
  createResultReader,
  type OpenedResult,
  type StreamPart,
} from '../tee/sealing/result-stream.ts'
import { createSealedReader } from '../tee/sealing/sealed-stream.ts'
import { readReceiptText } from '../tee/verify/receipt-document.ts'
import { shownHash } from '../tee/verify/shown-text.ts'
import type { Lease } from './worker.ts'

export interface Answer {
  /** To be stored until delivery, as it came. */
  readonly sealed: Uint8Array
  readonly streamHash: string
  readonly outputHash: string
  readonly shownHash: string
  /** Hash of the credential that opens the receipt, hex. */
  readonly view: string
  /** Undefined where nobody here can look inside. */
  readonly output: Pick<TaskOutput, 'text' | 'outcome'> | undefined
}

/** Follows the stream of one lease; throws `result.header` for a header that is not the attempt's. */
export function followStream(lease: Lease, header: string, net: Net): NonNullable<Lease['stream']> {
  const { job, attempt, kid, maxOutputBytes: maxBytes, resultSecret } = lease
  const context = { net, job, attempt, kid }
  return lease.isClientHeld
    ? { header, sealed: createSealedReader({ context, header, maxBytes }) }
    : { header, reader: createResultReader({ resultSecret, context, header, maxBytes }) }
}

/** Takes a chunk; gives what the front may see of it while it waits. Throws as the readers do. */
export function takeChunk(
  stream: NonNullable<Lease['stream']>,
  chunk: Uint8Array,
): 'show' | 'keep' {
  if ('sealed' in stream) {
    const closed = stream.sealed.push(chunk)
    if (closed) stream.closed = closed
    return 'keep'
  }
  const part: StreamPart = stream.reader.push(chunk)
  if (part.kind === 'final') stream.opened = part.result
  if (part.kind === 'delta') part.delta.add.wipe()
  return part.kind === 'delta' || part.kind === 'progress' ? 'show' : 'keep'
}

/** Wipes what the stream still holds in clear. */
export function dropStream(stream: Lease['stream']): void {
  if (!stream || 'sealed' in stream) return
  stream.reader.discard()
  stream.opened?.content.wipe()
}

/** Throws `result.truncated` unless the stream of this header has ended, `result.shape` for an answer that fronts could not parse. */
export function answerOf(lease: Lease, result: { header: string; receipt: string }): Answer {
  const { stream } = lease
  if (stream?.header !== result.header) throw new AppError('result.truncated')
  if (!('sealed' in stream)) return readAnswer(stream.opened, lease.open.task)
  if (!stream.closed) throw new AppError('result.truncated')
  // Nobody here can look inside: what the attested worker states is passed on, and the asker checks it.
  const stated = readReceiptText(result.receipt)
  if (!stated) throw new AppError('receipt.shape')
  const { sealed, streamHash } = stream.closed
  return {
    sealed,
    streamHash,
    outputHash: stated.returned.slice('sha256:'.length),
    shownHash: stated.work.shown_hash.slice('sha256:'.length),
    // The credential would follow from a salt that is not known here: no link opens this receipt.
    view: viewHash(randomBytes(32)),
    output: undefined,
  }
}

function readAnswer(opened: OpenedResult | undefined, task: string): Answer {
  if (!opened) throw new AppError('result.truncated')
  const output = readOutput(opened, task)
  return {
    sealed: opened.sealed,
    streamHash: opened.streamHash,
    outputHash: opened.outputHash,
    shownHash: shownHash(output.text, opened.salt, nodeHashes),
    view: viewHash(opened.salt),
    output,
  }
}

/** The answer must be what fronts parse; otherwise the attempt failed, and nobody sees it. Throws `result.shape`. */
function readOutput({ content }: OpenedResult, task: string): TaskOutput {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(content.reveal()).toString('utf8'))
  } catch {
    throw new AppError('result.shape')
  }
  const parsed = taskOutputSchema.safeParse(value)
  if (!parsed.success || parsed.data.task !== task) throw new AppError('result.shape')
  return parsed.data
}
