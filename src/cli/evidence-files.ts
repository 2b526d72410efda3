/** @module Files that `evidence verify` reads: never more than a mebibyte, in whichever of three spellings the evidence is written. */
import { closeSync, openSync, readSync } from 'node:fs'
import { concat, fromBase64, fromBase64url, fromHex, fromUtf8, utf8 } from '../core/bytes.ts'
import { UsageError } from './usage.ts'

const MAX_BYTES = 1024 * 1024

/** The first mebibyte of a file: what is longer than any evidence is then refused for its size. Throws UsageError. */
export function readStart(path: string): Uint8Array {
  try {
    const file = openSync(path, 'r')
    try {
      const bytes = new Uint8Array(MAX_BYTES)
      let length = 0
      for (let got = -1; got !== 0 && length < MAX_BYTES; length += got)
        got = readSync(file, bytes, length, MAX_BYTES - length, null)
      return bytes.subarray(0, length)
    } finally {
      closeSync(file)
    }
  } catch {
    throw new UsageError(`${path} cannot be read.`)
  }
}

/** Evidence as it is, or as hex or base64 text around which blanks may stand. */
export function decodeEvidence(bytes: Uint8Array): Uint8Array {
  const text = fromUtf8(bytes)?.replaceAll(/\s/g, '')
  if (text === undefined || text === '') return bytes
  return fromHex(text.toLowerCase()) ?? fromBase64(text) ?? fromBase64url(text) ?? bytes
}

const PEM_BEGIN = utf8('-----BEGIN ')
const PEM_BLOCK = /^-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\s]+)-----END \1-----/
const SEQUENCE = 0x30
const BLANKS: readonly number[] = [0x09, 0x0a, 0x0d, 0x20]

/**
 * DER of the certificates or lists in `bytes`, in their order: PEM blocks and plain DER, also one after the other, as
 * `cat leaf.der chain.pem` makes them. What is neither is given as one last piece, for the verifier to refuse.
 */
export function splitCertificates(bytes: Uint8Array): readonly Uint8Array[] {
  const found: Uint8Array[] = []
  let rest = bytes
  for (;;) {
    const start = rest.findIndex((byte) => !BLANKS.includes(byte))
    if (start < 0) return found
    rest = rest.subarray(start)
    const taken = takePem(rest) ?? takeDer(rest) ?? { der: rest, length: rest.length }
    found.push(taken.der)
    rest = rest.subarray(taken.length)
  }
}

interface Taken {
  readonly der: Uint8Array
  readonly length: number
}

function takePem(bytes: Uint8Array): Taken | undefined {
  if (!PEM_BEGIN.every((byte, at) => bytes[at] === byte)) return undefined
  // One character a byte, so that lengths in text are lengths in bytes.
  const block = PEM_BLOCK.exec(new TextDecoder('latin1').decode(bytes))
  const der = fromBase64(block?.[2]?.replaceAll(/\s/g, '') ?? '-')
  return block && der ? { der, length: block[0].length } : undefined
}

/** Only the outer length is read here; the verifier reads strictly. */
function takeDer(bytes: Uint8Array): Taken | undefined {
  const [tag, first = 0, second = 0, third = 0] = bytes
  if (tag !== SEQUENCE) return undefined
  const length =
    first < 0x80
      ? 2 + first
      : first === 0x81
        ? 3 + second
        : first === 0x82
          ? 4 + second * 256 + third
          : bytes.length
  return length <= bytes.length ? { der: bytes.subarray(0, length), length } : undefined
}

export const joinFiles = (paths: readonly string[]): Uint8Array =>
  concat(...paths.map((path) => readStart(path)))
