/** @module Collateral of the dev platform in the shape of Intel's, signed by the dev network's own keys. */
import { toHex, utf8 } from '../../core/bytes.ts'
import type { Collateral } from '../verify/collateral.ts'
import { type CrlDraft, issueCrl, toPem } from './pki.ts'
import { DEV_PLATFORM, type DevPlatform, type TdxAuthorities } from './tdx-pki.ts'

/** JSON as Intel writes it, open for tests to change. */
export type Json = string | number | boolean | null | Json[] | { [member: string]: Json }
export type JsonObject = { [member: string]: Json }

export interface CollateralEdits {
  readonly tcbInfo?: (info: JsonObject) => void
  readonly qeIdentity?: (identity: JsonObject) => void
  readonly rootCrl?: (draft: CrlDraft) => CrlDraft
  readonly pckCrl?: (draft: CrlDraft) => CrlDraft
}

/** The dev quoting enclave. */
export const DEV_QE = {
  mrSigner: new Uint8Array(32).fill(0xde),
  attributes: Uint8Array.from([0x11, ...new Uint8Array(15)]),
  isvProdId: 2,
  isvSvn: 4,
} as const

/** `teeTcbSvn` of dev quotes: module version 1, security version 6. */
export const DEV_TEE_TCB_SVN = Uint8Array.from([6, 1, 3, ...new Uint8Array(13)])

const DAY = 24 * 3600 * 1000

/** Nine strings that hold from a day before `nowMs` until 30 days after. */
export function devTdxCollateral(
  { root, platform, signer }: TdxAuthorities,
  nowMs: number,
  edits: CollateralEdits & { readonly of?: DevPlatform } = {},
): Collateral {
  const window = { thisUpdate: wholeSecond(nowMs - DAY), nextUpdate: wholeSecond(nowMs + 30 * DAY) }
  const list = (
    { name, key }: TdxAuthorities['root'],
    edit: (draft: CrlDraft) => CrlDraft = (draft) => draft,
  ): string =>
    toHex(issueCrl(edit({ issuer: name, ...window, revoked: [], extensions: [], signer: key })))
  const info = tcbInfo(edits.of ?? { ...DEV_PLATFORM, ppid: new Uint8Array(16) }, window)
  const identity = qeIdentity(window)
  edits.tcbInfo?.(info)
  edits.qeIdentity?.(identity)
  const [tcbText, qeText] = [JSON.stringify(info), JSON.stringify(identity)]
  const signers = toPem(signer.certificate, root.certificate)
  return {
    pck_crl_issuer_chain: toPem(platform.certificate, root.certificate),
    root_ca_crl: list(root, edits.rootCrl),
    pck_crl: list(platform, edits.pckCrl),
    tcb_info_issuer_chain: signers,
    tcb_info: tcbText,
    tcb_info_signature: toHex(signer.key.signRaw(utf8(tcbText))),
    qe_identity_issuer_chain: signers,
    qe_identity: qeText,
    qe_identity_signature: toHex(signer.key.signRaw(utf8(qeText))),
  }
}

interface Window {
  readonly thisUpdate: number
  readonly nextUpdate: number
}

const NEWEST = '2025-11-12T00:00:00Z'
const OLDER = '2024-11-13T00:00:00Z'
const OLDEST = '2023-08-09T00:00:00Z'

function tcbInfo({ fmspc, pceId }: DevPlatform, window: Window): JsonObject {
  const { components } = DEV_PLATFORM
  const mark = {
    mrsigner: '00'.repeat(48),
    attributes: '0000000000000000',
    attributesMask: 'FFFFFFFFFFFFFFFF',
  }
  return {
    id: 'TDX',
    version: 3,
    ...times(window),
    fmspc: toHex(fmspc).toUpperCase(),
    pceId: toHex(pceId).toUpperCase(),
    tcbType: 0,
    tcbEvaluationDataNumber: 20,
    tdxModule: mark,
    tdxModuleIdentities: [
      {
        id: 'TDX_01',
        ...mark,
        tcbLevels: [
          isvLevel(6, 'UpToDate', NEWEST),
          isvLevel(4, 'OutOfDate', OLDER),
          isvLevel(2, 'Revoked', OLDEST),
        ],
      },
    ],
    tcbLevels: [
      platformLevel(components, 'UpToDate', NEWEST),
      platformLevel([2, 2, 2, 2, 3], 'OutOfDate', OLDER),
      platformLevel([1, 1, 1, 1, 1], 'Revoked', OLDEST),
    ],
  }
}

const components16 = (svns: readonly number[]): Json[] =>
  Array.from({ length: 16 }, (_, place) => ({ svn: svns[place] ?? 0 }))

function platformLevel(components: readonly number[], status: string, date: string): JsonObject {
  return {
    tcb: {
      sgxtcbcomponents: components16(components),
      pcesvn: status === 'UpToDate' ? DEV_PLATFORM.pceSvn : 5,
      tdxtcbcomponents: components16([5, 0, status === 'UpToDate' ? 3 : 1]),
    },
    tcbDate: date,
    tcbStatus: status,
    ...(status === 'UpToDate' ? {} : { advisoryIDs: [`DEV-SA-${status}`] }),
  }
}

const isvLevel = (isvsvn: number, tcbStatus: string, tcbDate: string): JsonObject => ({
  tcb: { isvsvn },
  tcbDate,
  tcbStatus,
})

const qeIdentity = (window: Window): JsonObject => ({
  id: 'TD_QE',
  version: 2,
  ...times(window),
  tcbEvaluationDataNumber: 20,
  miscselect: '00000000',
  miscselectMask: 'FFFFFFFF',
  attributes: toHex(DEV_QE.attributes).toUpperCase(),
  attributesMask: 'FBFFFFFFFFFFFFFF0000000000000000',
  mrsigner: toHex(DEV_QE.mrSigner).toUpperCase(),
  isvprodid: DEV_QE.isvProdId,
  tcbLevels: [
    isvLevel(DEV_QE.isvSvn, 'UpToDate', NEWEST),
    isvLevel(3, 'OutOfDate', OLDER),
    isvLevel(2, 'Revoked', OLDEST),
  ],
})

const times = ({ thisUpdate, nextUpdate }: Window): JsonObject => ({
  issueDate: iso(thisUpdate),
  nextUpdate: iso(nextUpdate),
})

const iso = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`

const wholeSecond = (ms: number): number => Math.floor(ms / 1000) * 1000
