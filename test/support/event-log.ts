/** dstack event logs as its guest agent writes them, made independently of the code under test. */
import { createHash } from 'node:crypto'

export interface LoggedEvent {
  readonly event: string
  /** Hex. */
  readonly payload: string
}

const runtimeType = 0x08000001

function digestOf({ event, payload }: LoggedEvent): Buffer {
  const type = Buffer.alloc(4)
  type.writeUInt32LE(runtimeType)
  return createHash('sha384')
    .update(type)
    .update(`:${event}:`)
    .update(Buffer.from(payload, 'hex'))
    .digest()
}

/** Entries of register 3, with their digests. */
export const loggedEvents = (events: readonly LoggedEvent[]) =>
  events.map((it) => ({
    imr: 3,
    event_type: runtimeType,
    digest: digestOf(it).toString('hex'),
    event: it.event,
    event_payload: it.payload,
  }))

/** The register that the events extend, from 48 zero bytes; hex. */
export function rtmr3Of(events: readonly LoggedEvent[]): string {
  let mr: Buffer = Buffer.alloc(48)
  for (const event of events) mr = createHash('sha384').update(mr).update(digestOf(event)).digest()
  return mr.toString('hex')
}
