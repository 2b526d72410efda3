/** @module Intel TDX quotes, versions 4 and 5: their bytes taken apart, every length checked (CONF §10). */
import { allZero, sameBytes, u16le, u32le } from '../../../core/bytes.ts'
import { type TeeCode, TeeError } from '../codes.ts'

/** What the TDX module reported about itself and the guest; fields are views of the quote. */
export interface TdReport {
  readonly teeTcbSvn: Uint8Array
  readonly mrSignerSeam: Uint8Array
  readonly seamAttributes: Uint8Array
  readonly tdAttributes: Uint8Array
  readonly xfam: Uint8Array
  readonly mrTd: Uint8Array
  readonly mrConfigId: Uint8Array
  readonly mrOwner: Uint8Array
  readonly mrOwnerConfig: Uint8Array
  readonly rtmr: readonly [Uint8Array, Uint8Array, Uint8Array, Uint8Array]
  readonly reportData: Uint8Array
  /** Only in reports of TDX 1.5. */
  readonly mrServiceTd: Uint8Array | undefined
}

export interface Quote {
  /** Header, body descriptor (v5) and body: what the attestation key signed. */
  readonly signed: Uint8Array
  readonly report: TdReport
  /** r‖s and x‖y of P-256. */
  readonly signature: Uint8Array
  readonly attestationKey: Uint8Array
  readonly qeReport: Uint8Array
  readonly qeSignature: Uint8Array
  readonly qeAuthData: Uint8Array
  /** PEM text of the PCK chain, unsigned by itself. */
  readonly chain: Uint8Array
}

const MIN_QUOTE = 1020
const MAX_QUOTE = 16 * 1024
/** Real quotes end in up to 70 zero bytes of their buffer. */
const MAX_TRAILING = 128
const HEADER = 48
const DESCRIPTOR = 6
const TD_10 = 584
const TD_15 = 648
const INTEL_QE = Uint8Array.from([
  0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9, 0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07,
])

/**
 * Takes a quote apart. Throws `TDX_SIZE`, `TDX_VERSION`, `TDX_KEY_TYPE`, `TDX_TEE_TYPE`, `TDX_QE_VENDOR`,
 * `TDX_BODY_TYPE`, `TDX_LAYOUT`, `TDX_TRAILING`, the first that applies. Checks no signature and no value of the report.
 */
export function parseQuote(bytes: Uint8Array): Quote {
  demand(bytes.length >= MIN_QUOTE && bytes.length <= MAX_QUOTE, 'TDX_SIZE')
  const version = u16le(bytes, 0)
  demand(version === 4 || version === 5, 'TDX_VERSION')
  demand(u16le(bytes, 2) === 2, 'TDX_KEY_TYPE')
  demand(u32le(bytes, 4) === 0x81, 'TDX_TEE_TYPE')
  demand(sameBytes(bytes.subarray(12, 28), INTEL_QE), 'TDX_QE_VENDOR')
  const body = version === 4 ? { at: HEADER, size: TD_10 } : bodyOfV5(bytes)
  const end = body.at + body.size
  const section = new Cursor(bytes, end)
  const own = new Cursor(section.take(section.u32()))
  demand(allZero(section.rest()), 'TDX_TRAILING')
  demand(section.rest().length <= MAX_TRAILING, 'TDX_TRAILING')
  return {
    signed: bytes.subarray(0, end),
    report: readReport(bytes.subarray(body.at, end)),
    ...readSignatures(own),
  }
}

function bodyOfV5(bytes: Uint8Array): { at: number; size: number } {
  const size = u32le(bytes, HEADER + 2)
  const type = u16le(bytes, HEADER)
  const isKnown = (type === 2 && size === TD_10) || (type === 3 && size === TD_15)
  demand(isKnown, 'TDX_BODY_TYPE')
  return { at: HEADER + DESCRIPTOR, size }
}

function readReport(body: Uint8Array): TdReport {
  const field = (at: number, length: number): Uint8Array => body.subarray(at, at + length)
  return {
    teeTcbSvn: field(0, 16),
    mrSignerSeam: field(64, 48),
    seamAttributes: field(112, 8),
    tdAttributes: field(120, 8),
    xfam: field(128, 8),
    mrTd: field(136, 48),
    mrConfigId: field(184, 48),
    mrOwner: field(232, 48),
    mrOwnerConfig: field(280, 48),
    rtmr: [field(328, 48), field(376, 48), field(424, 48), field(472, 48)],
    reportData: field(520, 64),
    mrServiceTd: body.length === TD_15 ? field(600, 48) : undefined,
  }
}

/** Certification data of type 6 (report of the quoting enclave) around that of type 5 (PEM chain), each ending where its box ends. */
function readSignatures(own: Cursor): Omit<Quote, 'signed' | 'report'> {
  const signature = own.take(64)
  const attestationKey = own.take(64)
  const enclave = new Cursor(own.box(6))
  const qeReport = enclave.take(384)
  const qeSignature = enclave.take(64)
  const qeAuthData = enclave.take(enclave.u16())
  const chain = enclave.box(5)
  demand(own.rest().length === 0 && enclave.rest().length === 0, 'TDX_LAYOUT')
  return { signature, attestationKey, qeReport, qeSignature, qeAuthData, chain }
}

/** Reads on from a place; running past the end is `TDX_LAYOUT`. Lives as long as one parse. */
class Cursor {
  readonly #bytes: Uint8Array
  #at: number

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes
    this.#at = at
  }

  take(length: number): Uint8Array {
    const end = this.#at + length
    demand(end <= this.#bytes.length, 'TDX_LAYOUT')
    const taken = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return taken
  }

  u16(): number {
    return u16le(this.take(2), 0)
  }

  u32(): number {
    return u32le(this.take(4), 0)
  }

  /** Type, length, content. */
  box(type: number): Uint8Array {
    demand(this.u16() === type, 'TDX_LAYOUT')
    return this.take(this.u32())
  }

  rest(): Uint8Array {
    return this.#bytes.subarray(this.#at)
  }
}

function demand(isGood: boolean, code: TeeCode): void {
  if (!isGood) throw new TeeError(code)
}
