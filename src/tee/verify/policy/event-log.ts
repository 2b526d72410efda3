/** @module dstack's event log: replayed into RTMR3, so that what it names may be believed (CONF §10). */
import { concat, fromHex, sameBytes, toHex, utf8 } from '../../../core/bytes.ts'
import { canonicalBytes } from '../../../core/canonical.ts'
import type { Hashes } from '../examination.ts'
import { hex, integer, pattern, type Shape, text } from '../shape.ts'

const maxEvents = 1024
const maxLogChars = 262_144
const RUNTIME_EVENT = 0x08000001
const COMPOSE_HASH = 'compose-hash'

interface RuntimeEvent {
  readonly name: string
  readonly payload: Uint8Array
  /** As logged; undefined where the log leaves it out. */
  readonly digest: string | undefined
}

/**
 * The `compose-hash` (32 bytes, hex) that `log` names, or undefined: for a log that does not replay to `rtmr3`, whose
 * digests are not those of its events, or that names none or two. Registers 0 to 2 of the log are not looked at: the
 * policy names their values. Digests are SHA-384 of `type u32le ":" name ":" payload`, or of the canonical JSON of
 * `{name, payload, type}`.
 */
export function composeHashOf(log: string, rtmr3: string, hashes: Hashes): string | undefined {
  const events = runtimeEventsOf(log)
  if (!events) return undefined
  let register: Uint8Array = new Uint8Array(48)
  for (const event of events) {
    const digest = digestOf(event, hashes)
    if (!digest) return undefined
    register = hashes.sha384(concat(register, digest))
  }
  const named = events.filter(({ name }) => name === COMPOSE_HASH)
  const [compose] = named
  if (toHex(register) !== rtmr3 || named.length !== 1) return undefined
  return compose?.payload.length === 32 ? toHex(compose.payload) : undefined
}

function digestOf(event: RuntimeEvent, hashes: Hashes): Uint8Array | undefined {
  const { name, payload } = event
  const type = new Uint8Array(4)
  new DataView(type.buffer).setUint32(0, RUNTIME_EVENT, true)
  const first = hashes.sha384(concat(type, utf8(':'), utf8(name), utf8(':'), payload))
  if (event.digest === undefined || event.digest === toHex(first)) return first
  const second = hashes.sha384(
    canonicalBytes({ name, payload: toHex(payload), type: RUNTIME_EVENT }),
  )
  const logged = fromHex(event.digest, 48)
  return logged && sameBytes(logged, second) ? second : undefined
}

const nameShape = text(256)
const payloadShape = pattern(/^([0-9a-f]{2}){0,4096}$/)
const digestShape = hex(48)
const registerShape = integer(0, 3)
const typeShape = integer(0, 2 ** 32 - 1)

/** The events of RTMR3 in order; undefined for a log of any other form. Members that we do not use are ignored. */
function runtimeEventsOf(log: string): RuntimeEvent[] | undefined {
  const entries = parseList(log)
  if (!entries || entries.length > maxEvents) return undefined
  const events: RuntimeEvent[] = []
  for (const entry of entries) {
    const register = memberOf(entry, 'imr', registerShape)
    if (register === undefined) return undefined
    if (register !== 3) continue
    const name = memberOf(entry, 'event', nameShape)
    const payload = fromHex(memberOf(entry, 'event_payload', payloadShape) ?? '-')
    const logged = memberOf(entry, 'digest', text(96))
    const digest = logged === '' ? undefined : digestShape(logged)
    const isRuntime = memberOf(entry, 'event_type', typeShape) === RUNTIME_EVENT
    if (!isRuntime || name === undefined || !payload) return undefined
    if (logged !== undefined && logged !== '' && digest === undefined) return undefined
    events.push({ name, payload, digest })
  }
  return events
}

function parseList(log: string): unknown[] | undefined {
  if (log.length > maxLogChars) return undefined
  try {
    const value: unknown = JSON.parse(log)
    return Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}

function memberOf<T>(entry: unknown, name: string, shape: Shape<T>): T | undefined {
  if (typeof entry !== 'object' || entry === null || !Object.hasOwn(entry, name)) return undefined
  return shape(Object.entries(entry).find(([member]) => member === name)?.[1])
}
