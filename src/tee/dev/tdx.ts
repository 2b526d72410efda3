/** @module Quotes of a simulated TDX machine: real format, dev root, measurement marked `SIM`. The verifier of production takes them under `Anchors.forDev` and refuses them under the vendors' roots. */
import { createHash } from 'node:crypto'
import { concat, toHex, utf8 } from '../../core/bytes.ts'
import type { Collateral } from '../verify/collateral.ts'
import { DEV_MARK } from '../verify/dev-mark.ts'
import { type CertificateDraft, type DevPki, toPem } from './pki.ts'
import {
  type CollateralEdits,
  DEV_QE,
  DEV_TEE_TCB_SVN,
  devTdxCollateral,
} from './tdx-collateral.ts'
import { DEV_PLATFORM, type DevPlatform, type TdxRole, tdxAuthorities } from './tdx-pki.ts'

/** Registers of a dev guest that start as zeros; each 48 bytes. */
export type DevRegister =
  | 'rtmr0'
  | 'rtmr1'
  | 'rtmr2'
  | 'rtmr3'
  | 'mrConfigId'
  | 'mrOwner'
  | 'mrOwnerConfig'

/** What tests change before the part is signed; each gets bytes to write into, or a draft to give back changed. */
export interface TdxEdits extends CollateralEdits {
  readonly header?: (bytes: Uint8Array) => void
  /** Report of the guest: offsets as in CONF §10. */
  readonly report?: (bytes: Uint8Array) => void
  readonly qeReport?: (bytes: Uint8Array) => void
  readonly authData?: Uint8Array
  readonly platform?: Partial<DevPlatform>
  /** The platform that the collateral describes, where it is not the quote's. */
  readonly collateralPlatform?: Partial<DevPlatform>
  readonly certificate?: (role: TdxRole, draft: CertificateDraft) => CertificateDraft
}

export interface DevTdxWish {
  readonly nowMs: number
  /** 64 bytes. */
  readonly reportData: Uint8Array
  /** Names the simulated machine: each name has a PPID and keys of its own. */
  readonly machine?: string
  /** Version 4 with a TDX 1.0 report, or version 5 with a 1.0 or 1.5 report. */
  readonly format?: '4' | '5/1.0' | '5/1.5'
  readonly registers?: Readonly<Partial<Record<DevRegister, Uint8Array>>>
  readonly edits?: TdxEdits
}

export interface DevTdx {
  readonly quote: Uint8Array
  readonly collateral: Collateral
}

/** Measurement of every dev guest: `SIM`, then what follows from its name. */
export const DEV_MR_TD = concat(
  DEV_MARK,
  new Uint8Array(createHash('sha384').update('chrysalis/dev/guest').digest()).subarray(3),
)

/** `SEPT_VE_DISABLE` alone, as production guests have it. */
const DEV_TD_ATTRIBUTES = Uint8Array.of(0, 0, 0, 0x10, 0, 0, 0, 0)
const DEV_XFAM = Uint8Array.of(0xe7, 0x02, 0x06, 0, 0, 0, 0, 0)

const OFFSETS = {
  rtmr0: 328,
  rtmr1: 376,
  rtmr2: 424,
  rtmr3: 472,
  mrConfigId: 184,
  mrOwner: 232,
  mrOwnerConfig: 280,
} as const satisfies Readonly<Record<DevRegister, number>>

/** PPID of a simulated machine, 16 bytes. */
export const devPpid = (pki: DevPki, machine: string): Uint8Array =>
  pki.key(`tdx/ppid/${machine}`, 'p256').point.subarray(0, 16)

/** A quote of a dev machine and the collateral that belongs to it. */
export function devTdx(pki: DevPki, wish: DevTdxWish): DevTdx {
  const { machine = 'first', edits = {}, nowMs } = wish
  const platform = { ...DEV_PLATFORM, ppid: devPpid(pki, machine), ...edits.platform }
  const authorities = tdxAuthorities(pki, platform, edits.certificate)
  const key = pki.key(`tdx/attestation/${machine}`, 'p256')
  const authData = edits.authData ?? Uint8Array.from({ length: 32 }, (_, place) => place)
  const signed = concat(...signedParts(wish))
  const report = qeReport(concat(key.point, authData))
  edits.qeReport?.(report)
  const { pck, platform: authority, root } = authorities
  const chain = utf8(toPem(pck.certificate, authority.certificate, root.certificate))
  const enclave = concat(
    report,
    pck.key.signRaw(report),
    u16(authData.length),
    authData,
    box(5, concat(chain, new Uint8Array(1))),
  )
  const own = concat(key.signRaw(signed), key.point, box(6, enclave))
  return {
    quote: concat(signed, u32(own.length), own),
    collateral: devTdxCollateral(authorities, nowMs, {
      ...edits,
      of: { ...platform, ...edits.collateralPlatform },
    }),
  }
}

function signedParts({ format = '4', reportData, registers, edits }: DevTdxWish): Uint8Array[] {
  const header = new Uint8Array(48)
  header.set([format === '4' ? 4 : 5, 0, 2, 0, 0x81])
  header.set(Buffer.from('939a7233f79c4ca9940a0db3957f0607', 'hex'), 12)
  edits?.header?.(header)
  const report = new Uint8Array(format === '5/1.5' ? 648 : 584)
  report.set(DEV_TEE_TCB_SVN, 0)
  report.set(DEV_TD_ATTRIBUTES, 120)
  report.set(DEV_XFAM, 128)
  report.set(DEV_MR_TD, 136)
  for (const name of [
    'rtmr0',
    'rtmr1',
    'rtmr2',
    'rtmr3',
    'mrConfigId',
    'mrOwner',
    'mrOwnerConfig',
  ] as const)
    report.set(registers?.[name] ?? [], OFFSETS[name])
  report.set(reportData, 520)
  edits?.report?.(report)
  if (format === '4') return [header, report]
  return [header, u16(format === '5/1.5' ? 3 : 2), u32(report.length), report]
}

function qeReport(bound: Uint8Array): Uint8Array {
  const report = new Uint8Array(384)
  report.set(DEV_QE.attributes, 48)
  report.set(DEV_QE.mrSigner, 128)
  report.set(u16(DEV_QE.isvProdId), 256)
  report.set(u16(DEV_QE.isvSvn), 258)
  report.set(createHash('sha256').update(bound).digest(), 320)
  return report
}

const box = (type: number, content: Uint8Array): Uint8Array =>
  concat(u16(type), u32(content.length), content)

const u16 = (value: number): Uint8Array => Uint8Array.of(value & 0xff, value >> 8)

const u32 = (value: number): Uint8Array =>
  Uint8Array.of(value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, value >> 24)

/** Registers of a dev guest as a policy names them, for entries of a dev policy. */
export const devMeasurements = (
  registers: DevTdxWish['registers'] = {},
): Readonly<Record<DevRegister | 'mrTd' | 'tdAttributes' | 'xfam', string>> => {
  const hexOf = (name: DevRegister): string => toHex(registers[name] ?? new Uint8Array(48))
  return {
    mrTd: toHex(DEV_MR_TD),
    tdAttributes: toHex(DEV_TD_ATTRIBUTES),
    xfam: toHex(DEV_XFAM),
    rtmr0: hexOf('rtmr0'),
    rtmr1: hexOf('rtmr1'),
    rtmr2: hexOf('rtmr2'),
    rtmr3: hexOf('rtmr3'),
    mrConfigId: hexOf('mrConfigId'),
    mrOwner: hexOf('mrOwner'),
    mrOwnerConfig: hexOf('mrOwnerConfig'),
  }
}
