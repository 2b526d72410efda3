/** @module What AMD publishes about a chip: its certificate for one firmware state, the chain above it, the chain's revocation list (CONF §14). */
import { fromBase64, fromUtf8 } from '../../core/bytes.ts'
import { fromHex, toBase64url, toHex } from '../crypto/binary.ts'
import { TeeError } from '../verify/codes.ts'
import type { VendorGet } from './http.ts'

/** What a report says about the certificate that signed it. */
export interface SnpChip {
  readonly product: 'Milan' | 'Genoa' | 'Turin'
  readonly signer: 'vcek' | 'vlek'
  /** Lower-case hex, 64 bytes as in the report. */
  readonly chipId: string
  /** Reported security version numbers: bl, tee, snp, ucode, and fmc for Turin. */
  readonly tcb: Readonly<Record<string, number>>
}

const KDS = 'https://kdsintf.amd.com'
/** Turin's identifiers fill the first eight bytes only. */
const TURIN_ID_BYTES = 8

export interface AmdService {
  /** DER of the VCEK, base64url. A VLEK belongs to a cloud, which hands it out itself. */
  leaf(chip: SnpChip): Promise<string>
  /** DER of the intermediate and the root above a signer, base64url, in this order. */
  chain(product: SnpChip['product'], signer: SnpChip['signer']): Promise<readonly string[]>
  /** DER of the list that the root signed, hex. */
  crl(product: SnpChip['product'], signer: SnpChip['signer']): Promise<string>
}

/** Each call throws `COL_FETCH` or `COL_SHAPE`. `base` replaces the address of AMD's service. */
export function createAmdService(get: VendorGet, base = KDS): AmdService {
  const root = base.replace(/\/+$/, '')
  return {
    leaf: async (chip) => {
      if (chip.signer === 'vlek') throw new TeeError('COL_FETCH', 'vlek')
      const { body } = await get(`${root}/vcek/v1/${chip.product}/${idOf(chip)}?${levels(chip)}`)
      if (body[0] !== 0x30) throw new TeeError('COL_SHAPE', 'vcek')
      return toBase64url(body)
    },
    chain: async (product, signer) => {
      const { body } = await get(`${root}/${signer}/v1/${product}/cert_chain`)
      return pemCertificates(fromUtf8(body) ?? '')
    },
    crl: async (product, signer) => {
      const { body } = await get(`${root}/${signer}/v1/${product}/crl`)
      if (body[0] !== 0x30) throw new TeeError('COL_SHAPE', 'crl')
      return toHex(body)
    },
  }
}

function idOf({ product, chipId }: SnpChip): string {
  const id = fromHex(chipId, 64)
  if (!id) throw new TeeError('COL_SHAPE', 'chipId')
  return product === 'Turin' ? toHex(id.subarray(0, TURIN_ID_BYTES)) : chipId
}

function levels({ product, tcb }: SnpChip): string {
  const names =
    product === 'Turin' ? ['fmc', 'bl', 'tee', 'snp', 'ucode'] : ['bl', 'tee', 'snp', 'ucode']
  return names
    .map((name) => {
      const level = tcb[name]
      if (level === undefined || !Number.isInteger(level) || level < 0 || level > 255)
        throw new TeeError('COL_SHAPE', name)
      return `${name}SPL=${String(level).padStart(2, '0')}`
    })
    .join('&')
}

/** The certificates of a PEM text as base64url DER, in order; throws `COL_SHAPE` unless there are one to eight. */
function pemCertificates(text: string): readonly string[] {
  const found = [...text.matchAll(/-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----/g)]
  const certificates = found.map(([, body = '']) => {
    const der = fromBase64(body.replaceAll(/\s/g, ''))
    if (der?.[0] !== 0x30) throw new TeeError('COL_SHAPE', 'pem')
    return toBase64url(der)
  })
  if (certificates.length === 0 || certificates.length > 8) throw new TeeError('COL_SHAPE', 'pem')
  return certificates
}
