/** @module Which collateral a TDX quote needs, by its own, not yet believed certificate. */
import { toHex } from '../../core/bytes.ts'
import { TeeError } from '../verify/codes.ts'
import { pemToDer } from '../verify/pem.ts'
import { readPckExtension } from '../verify/tdx/pck-extension.ts'
import { parseQuote } from '../verify/tdx/quote.ts'
import { commonName, parseCertificate } from '../verify/x509.ts'
import type { TdxPlatform } from './intel.ts'

/** Throws the `TDX_*` and `X509_*` codes of a quote that cannot be taken apart. */
export function platformOf(quote: Uint8Array): TdxPlatform {
  const [leaf] = pemToDer(String.fromCharCode(...parseQuote(quote).chain), 3).map(parseCertificate)
  if (!leaf) throw new TeeError('X509_PARSE')
  const isPlatform = commonName(leaf.issuer)?.includes('PCK Platform CA') === true
  return { fmspc: toHex(readPckExtension(leaf).fmspc), ca: isPlatform ? 'platform' : 'processor' }
}
