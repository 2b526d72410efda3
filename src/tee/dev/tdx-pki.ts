/** @module A platform of the dev network as Intel would vouch for it: root → platform authority → machine key, and the signer of firmware levels. */
import { createHash } from 'node:crypto'
import { toHex } from '../../core/bytes.ts'
import { der, integer, octets, oid, sequence } from './der-writer.ts'
import type { DevKey } from './dev-key.ts'
import {
  type CertificateDraft,
  certificateDraft,
  type DevPki,
  devName,
  devSerial,
  extension,
  issueCertificate,
} from './pki.ts'

/** The platform that every dev quote names, at its newest firmware. */
export const DEV_PLATFORM = {
  fmspc: Uint8Array.of(0xde, 0xc0, 0x6f, 0, 0, 0),
  pceId: new Uint8Array(2),
  components: [3, 3, 2, 2, 4, 1, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0],
  pceSvn: 13,
} as const

export interface DevPlatform {
  readonly ppid: Uint8Array
  readonly fmspc: Uint8Array
  readonly pceId: Uint8Array
  readonly components: readonly number[]
  readonly pceSvn: number
}

export type TdxRole = 'root' | 'platform' | 'pck' | 'signer'

interface DevAuthority {
  readonly name: Uint8Array
  readonly key: DevKey
  readonly serial: Uint8Array
  readonly certificate: Uint8Array
}

export type TdxAuthorities = Readonly<Record<TdxRole, DevAuthority>>

const SGX = '1.2.840.113741.1.13.1'

const NAMES = {
  root: 'Dev SGX Root CA',
  platform: 'Dev SGX PCK Platform CA',
  pck: 'Dev SGX PCK Certificate',
  signer: 'Dev SGX TCB Signing',
} as const satisfies Readonly<Record<TdxRole, string>>

const ISSUERS = { root: 'root', platform: 'root', pck: 'platform', signer: 'root' } as const

/** The four certificates; `edit` changes a draft before it is signed. */
export function tdxAuthorities(
  pki: DevPki,
  platform: DevPlatform,
  edit: (role: TdxRole, draft: CertificateDraft) => CertificateDraft = (_, draft) => draft,
): TdxAuthorities {
  const authority = (role: TdxRole): DevAuthority => {
    const owner = role === 'pck' ? `tdx/pck/${toHex(platform.ppid)}` : `tdx/${role}`
    const key = pki.key(owner, 'p256')
    const issuer = ISSUERS[role]
    const draft = edit(
      role,
      certificateDraft({
        serial: devSerial(pki, owner),
        subject: devName(NAMES[role]),
        spki: key.spki,
        issuer: { name: devName(NAMES[issuer]), signer: pki.key(`tdx/${issuer}`, 'p256') },
        pathLength: { root: 1, platform: 0, pck: undefined, signer: undefined }[role],
        extensions: role === 'pck' ? [extension(SGX, pckExtension(platform))] : [],
      }),
    )
    const { subject, serial } = draft
    return { name: subject, key, serial, certificate: issueCertificate(draft) }
  }
  return {
    root: authority('root'),
    platform: authority('platform'),
    pck: authority('pck'),
    signer: authority('signer'),
  }
}

/** SHA-256 (hex) of the DER of the dev root that vouches for TDX evidence. */
export function devTdxRoot(pki: DevPki): string {
  const { root } = tdxAuthorities(pki, { ...DEV_PLATFORM, ppid: new Uint8Array(16) })
  return createHash('sha256').update(root.certificate).digest('hex')
}

const member = (name: string, value: Uint8Array): Uint8Array => sequence(oid(name), value)

/** The same members in the same order as in Intel's certificates. */
export function pckExtension({ ppid, fmspc, pceId, components, pceSvn }: DevPlatform): Uint8Array {
  const cpuSvn = Uint8Array.from(components)
  return sequence(
    member(`${SGX}.1`, octets(ppid)),
    member(
      `${SGX}.2`,
      sequence(
        ...components.map((svn, place) => member(`${SGX}.2.${String(place + 1)}`, integer(svn))),
        member(`${SGX}.2.17`, integer(pceSvn)),
        member(`${SGX}.2.18`, octets(cpuSvn)),
      ),
    ),
    member(`${SGX}.3`, octets(pceId)),
    member(`${SGX}.4`, octets(fmspc)),
    member(`${SGX}.5`, der(0x0a, Uint8Array.of(1))),
  )
}
