/** @module NVIDIA's own part of a measurement report: what the GPU says about driver, firmware and mode. */
import { toHex, u16le } from '../../../core/bytes.ts'
import { TeeError } from '../codes.ts'

export interface Opaque {
  /** Such as `580.95.05`. */
  readonly driver: string
  /** Such as `96.00.9f.00.01`. */
  readonly vbios: string
  /** 48 bytes: digest of the firmware that holds the signing key; undefined when the report has none. */
  readonly fwid: Uint8Array | undefined
  /** The first video decoder is on: measurement 35 says something. */
  readonly decoder: boolean
  /** 0 one GPU passed through, 1 several, 2 several with plain links between them. */
  readonly feature: number
}

/** Kinds of entries that are read here; the others are signed, and not looked at. */
const DRIVER = 3
const VBIOS = 6
const DECODER = 11
const FWID = 20
const FEATURE = 36
const DECODER_OFF = 0x55
const DECODER_ON = 0xaa

/** (kind u16, length u16, value)*, little-endian. Throws `GPU_LAYOUT` for what does not end exactly, is doubled, or reads as nothing. */
export function parseOpaque(bytes: Uint8Array): Opaque {
  const entries = entriesOf(bytes)
  const decoder = entries.get(DECODER)?.[0]
  if (decoder !== undefined && decoder !== DECODER_OFF && decoder !== DECODER_ON) throw broken()
  return {
    driver: driverOf(entries.get(DRIVER)),
    vbios: vbiosOf(entries.get(VBIOS)),
    fwid: entries.get(FWID),
    // Unsaid is on: then the measurement counts.
    decoder: decoder !== DECODER_OFF,
    feature: featureOf(entries.get(FEATURE)),
  }
}

function entriesOf(bytes: Uint8Array): Map<number, Uint8Array> {
  const entries = new Map<number, Uint8Array>()
  for (let at = 0; at < bytes.length; ) {
    if (at + 4 > bytes.length) throw broken()
    const kind = u16le(bytes, at)
    const end = at + 4 + u16le(bytes, at + 2)
    if (end > bytes.length || entries.has(kind)) throw broken()
    entries.set(kind, bytes.subarray(at + 4, end))
    at = end
  }
  return entries
}

/** ASCII with one zero byte at its end. */
function driverOf(value: Uint8Array | undefined): string {
  const text = String.fromCharCode(...(value ?? []))
  if (!/^[0-9]{1,5}(\.[0-9]{1,5}){1,3}\0?$/.test(text)) throw broken()
  return text.replace('\0', '')
}

/** A number of four bytes, most significant first in text, then one of one byte; the rest is zero. */
function vbiosOf(value: Uint8Array | undefined): string {
  if (value?.length !== 8) throw broken()
  return [3, 2, 1, 0, 4].map((place) => toHex(value.subarray(place, place + 1))).join('.')
}

/** Older drivers have no such entry: one GPU passed through. */
function featureOf(value: Uint8Array | undefined): number {
  if (!value) return 0
  if (value.length !== 2) throw broken()
  return u16le(value, 0)
}

const broken = (): TeeError => new TeeError('GPU_LAYOUT')
