/** @module What Intel publishes about a TDX platform, part by part, in the exact text that was signed (CONF §14). */
import { fromUtf8 } from '../../core/bytes.ts'
import { fromHex, toHex } from '../crypto/binary.ts'
import { TeeError } from '../verify/codes.ts'
import { cutSignedText } from '../verify/collateral.ts'
import type { VendorAnswer, VendorGet } from './http.ts'

/** What a PCK certificate says about where its collateral is found. */
export interface TdxPlatform {
  /** 12 lower-case hex digits. */
  readonly fmspc: string
  /** Which CA issued the PCK certificate. */
  readonly ca: 'platform' | 'processor'
}

/** A signed JSON text with the chain of its signer (PEM), or a CRL as hex of its DER. */
export interface SignedText {
  readonly text: string
  readonly signature: string
  readonly chain: string
}
export interface SignedList {
  readonly der: string
  /** PEM; empty for the root's own list. */
  readonly chain: string
}

const PCS = 'https://api.trustedservices.intel.com'
const ROOT_CRL = 'https://certificates.trustedservices.intel.com/IntelSGXRootCA.der'

export interface IntelService {
  tcbInfo(fmspc: string): Promise<SignedText>
  qeIdentity(): Promise<SignedText>
  pckCrl(ca: TdxPlatform['ca']): Promise<SignedList>
  rootCrl(): Promise<SignedList>
}

/**
 * Intel's own service, or a cache of it (`pccs`, the address before `/sgx` and `/tdx`), which is not trusted with
 * anything: every part is signed. Each call throws `COL_FETCH` or `COL_SHAPE`.
 */
export function createIntelService(get: VendorGet, pccs?: string): IntelService {
  const base = pccs?.replace(/\/+$/, '') ?? PCS
  return {
    tcbInfo: async (fmspc) => {
      if (!fromHex(fmspc, 6)) throw new TeeError('COL_SHAPE', 'fmspc')
      const answer = await get(`${base}/tdx/certification/v4/tcb?fmspc=${fmspc}`)
      return signedText(answer, { member: 'tcbInfo', header: 'TCB-Info-Issuer-Chain' })
    },
    qeIdentity: async () => {
      const answer = await get(`${base}/tdx/certification/v4/qe/identity`)
      return signedText(answer, {
        member: 'enclaveIdentity',
        header: 'SGX-Enclave-Identity-Issuer-Chain',
      })
    },
    pckCrl: async (ca) => {
      const answer = await get(`${base}/sgx/certification/v4/pckcrl?ca=${ca}&encoding=der`)
      return { der: listOf(answer), chain: chainOf(answer, 'SGX-PCK-CRL-Issuer-Chain') }
    },
    rootCrl: async () => {
      const url = pccs === undefined ? ROOT_CRL : `${base}/sgx/certification/v4/rootcacrl`
      return { der: listOf(await get(url)), chain: '' }
    },
  }
}

function signedText(
  answer: VendorAnswer,
  { member, header }: { member: 'tcbInfo' | 'enclaveIdentity'; header: string },
): SignedText {
  const { text, signature } = cutSignedText(fromUtf8(answer.body) ?? '', member)
  return { text, signature, chain: chainOf(answer, header) }
}

function chainOf(answer: VendorAnswer, header: string): string {
  try {
    const chain = decodeURIComponent(answer.header(header) ?? '')
    if (chain.startsWith('-----BEGIN CERTIFICATE-----') && chain.length <= 32_768) return chain
  } catch {
    // Not URL-encoded.
  }
  throw new TeeError('COL_SHAPE', header)
}

/** DER, or hex text of it, which caches send. */
function listOf({ body }: VendorAnswer): string {
  if (body[0] === 0x30) return toHex(body)
  const text = (fromUtf8(body) ?? '').trim().toLowerCase()
  const der = fromHex(text)
  if (der?.[0] !== 0x30) throw new TeeError('COL_SHAPE', 'crl')
  return text
}
