/** @module PEM text of certificates (RFC 7468), and a pool that reads each certificate of one examination once. */
import { fromBase64 } from '../../core/bytes.ts'
import { TeeError } from './codes.ts'
import { type Certificate, parseCertificate } from './x509.ts'

const BEGIN = '-----BEGIN CERTIFICATE-----'
const END = '-----END CERTIFICATE-----'

/**
 * DER of each certificate in PEM text, at most `max` of them. Between and around the blocks only line ends may stand,
 * after the last one NUL bytes too (quotes end in one). Throws `X509_PARSE`.
 */
export const pemToDer = (text: string, max: number): readonly Uint8Array[] =>
  pemBodies(text, max).map(derOf)

/** Lives as long as one examination: chains of evidence and collateral share their upper certificates. */
export class CertificatePool {
  readonly #known = new Map<string, Certificate>()

  /** The certificates in PEM text, in its order. Throws as `pemToDer` and `parseCertificate` do. */
  read(text: string, max: number): readonly Certificate[] {
    return pemBodies(text, max).map((body) => {
      const known = this.#known.get(body)
      if (known) return known
      const certificate = parseCertificate(derOf(body))
      this.#known.set(body, certificate)
      return certificate
    })
  }
}

function derOf(body: string): Uint8Array {
  const der = fromBase64(body)
  if (!der) throw new TeeError('X509_PARSE')
  return der
}

/** Base64 of each block, without its line ends. */
function pemBodies(text: string, max: number): readonly string[] {
  const found: string[] = []
  let rest = text.replace(/\0+$/, '')
  for (;;) {
    rest = rest.replace(/^[\r\n]+/, '')
    if (rest === '') return found
    const end = rest.indexOf(END)
    if (!rest.startsWith(BEGIN) || end < 0 || found.length === max) throw new TeeError('X509_PARSE')
    found.push(rest.slice(BEGIN.length, end).replaceAll(/\r?\n/g, ''))
    rest = rest.slice(end + END.length)
  }
}
