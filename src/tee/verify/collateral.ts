/** @module Intel's collateral in the common shape of nine strings (CONF §14), and the exact text that Intel signed, cut out of a service's answer. */
import { fromHex } from '../../core/bytes.ts'
import { parseStrictJson } from '../../core/canonical.ts'
import { TeeError } from './codes.ts'

/** Issuer chains are PEM, lists and signatures hex; `tcb_info` and `qe_identity` are the signed texts, byte for byte. */
export interface Collateral {
  readonly pck_crl_issuer_chain: string
  readonly root_ca_crl: string
  readonly pck_crl: string
  readonly tcb_info_issuer_chain: string
  readonly tcb_info: string
  readonly tcb_info_signature: string
  readonly qe_identity_issuer_chain: string
  readonly qe_identity: string
  readonly qe_identity_signature: string
}

/** Largest of the nine strings in UTF-16 units; a PCK list of thousands of keys has room. */
const MAX_STRING = 1024 * 1024

const NAMES = [
  'pck_crl_issuer_chain',
  'root_ca_crl',
  'pck_crl',
  'tcb_info_issuer_chain',
  'tcb_info',
  'tcb_info_signature',
  'qe_identity_issuer_chain',
  'qe_identity',
  'qe_identity_signature',
] as const satisfies readonly (keyof Collateral)[]

/** Exactly the nine strings. Throws `COL_SHAPE` for anything else, a member too many included. Checks nothing inside them. */
export function collateralOf(value: unknown): Collateral {
  if (!isCollateral(value)) throw new TeeError('COL_SHAPE')
  return value
}

function isCollateral(value: unknown): value is Collateral {
  if (typeof value !== 'object' || value === null) return false
  const members = new Map<string, unknown>(Object.entries(value))
  return (
    members.size === NAMES.length &&
    NAMES.every((name) => {
      const member = members.get(name)
      return typeof member === 'string' && member.length <= MAX_STRING
    })
  )
}

/** `collateralOf` JSON text; a duplicate member refuses. Throws `COL_SHAPE`. */
export const parseCollateral = (text: string): Collateral => collateralOf(parseJson(text))

/** JSON that was or will be signed or hashed. Throws `COL_SHAPE`, never with a part of the text. */
export function parseJson(text: string): unknown {
  try {
    return parseStrictJson(text)
  } catch {
    throw new TeeError('COL_SHAPE')
  }
}

/** Bytes of one of the hex strings, in either case of letters. Throws `COL_SHAPE`. */
export function hexBytes(text: string, name: keyof Collateral): Uint8Array {
  const bytes = fromHex(text.toLowerCase())
  if (!bytes) throw new TeeError('COL_SHAPE', name)
  return bytes
}

/**
 * Intel's service answers `{"tcbInfo":<text>,"signature":"<128 hex>"}` (or `enclaveIdentity`): gives text and signature.
 * The text is cut out as it stands: written anew it would not be what was signed. Throws `COL_SHAPE`.
 */
export function cutSignedText(
  body: string,
  member: 'tcbInfo' | 'enclaveIdentity',
): { readonly text: string; readonly signature: string } {
  const head = `{"${member}":`
  const tail = /,"signature":"([0-9A-Fa-f]{128})"\}\s*$/.exec(body)
  const signature = tail?.[1]
  if (!body.startsWith(head) || !tail || signature === undefined) throw new TeeError('COL_SHAPE')
  const text = body.slice(head.length, tail.index)
  // The cut is right only where the text is one JSON object by itself.
  const value = parseJson(text)
  if (typeof value !== 'object' || value === null) throw new TeeError('COL_SHAPE')
  return { text, signature: signature.toLowerCase() }
}
