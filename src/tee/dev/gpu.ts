/** @module Evidence of a simulated GPU: a real-format measurement report for a given nonce, and a chain to the dev root. */
import { createHash } from 'node:crypto'
import { concat, utf8 } from '../../core/bytes.ts'
import type { GpuAnswer } from '../sources/source.ts'
import { octets, sequence } from './der-writer.ts'
import {
  type CertificateDraft,
  certificateDraft,
  type DevPki,
  devName,
  devSerial,
  extension,
  issueCertificate,
  toPem,
} from './pki.ts'

type GpuRole = 'root' | 'identity' | 'provisioner' | 'brom' | 'leaf'

/** What tests change before the part is signed, and in the evidence afterwards. */
export interface GpuEdits {
  /** Request and response up to the signature. */
  readonly report?: (bytes: Uint8Array) => Uint8Array | undefined
  readonly opaque?: (entries: Map<number, Uint8Array>) => void
  readonly evidence?: (bytes: Uint8Array) => Uint8Array | undefined
  readonly certificate?: (role: GpuRole, draft: CertificateDraft) => CertificateDraft
}

export interface DevGpuWish {
  /** 32 bytes. */
  readonly nonce: Uint8Array
  /** Names the simulated GPU: each name has a key of its own. */
  readonly device?: string
  readonly edits?: GpuEdits
}

export interface DevGpu {
  readonly arch: 'HOPPER'
  readonly evidence: Uint8Array
  /** PEM text, leaf first. */
  readonly certificate: string
}

/** What every dev GPU says about itself. */
export const DEV_GPU_DRIVER = '580.95.05'
export const DEV_GPU_VBIOS = '96.00.9f.00.01'

/** Root last; each is issued by the next. */
const CHAIN = ['leaf', 'brom', 'provisioner', 'identity', 'root'] as const

const NAMES = {
  leaf: 'GH100 A01 GSP FMC LF',
  brom: 'GH100 A01 GSP BROM',
  provisioner: 'Dev GH100 Provisioner ICA 1',
  identity: 'Dev GH100 Identity',
  root: 'Dev Device Identity CA',
} as const satisfies Readonly<Record<GpuRole, string>>

const FWID = sha384('chrysalis/dev/gpu-firmware')
const BLOCKS = 64

export function devGpu(pki: DevPki, { nonce, device = 'first', edits }: DevGpuWish): DevGpu {
  const draft = unsigned(nonce, edits)
  const signed = edits?.report?.(draft) ?? draft
  const signature = pki.key(ownerOf('leaf', device), 'p384').signRaw(signed)
  // Drivers hand on one byte more than the report has.
  const evidence = concat(signed, signature, new Uint8Array(1))
  return {
    arch: 'HOPPER',
    evidence: edits?.evidence?.(evidence) ?? evidence,
    certificate: toPem(...CHAIN.map((role) => issue(pki, { role, device, edits }))),
  }
}

/** Answers of `count` GPUs in a simulated machine, as its evidence source gives them. */
export const devGpuAnswers =
  (pki: DevPki, machine: string, count: number) =>
  (nonce: Uint8Array): readonly GpuAnswer[] =>
    Array.from({ length: count }, (_, place) => {
      const { certificate, ...gpu } = devGpu(pki, { nonce, device: `${machine}/${place}` })
      return { ...gpu, certificate: utf8(certificate) }
    })

/** SHA-256 (hex) of the DER of the dev root that vouches for GPU evidence. */
export function devGpuRoot(pki: DevPki): string {
  const root = issue(pki, { role: 'root', device: '', edits: undefined })
  return createHash('sha256').update(root).digest('hex')
}

/** Leaf and boot ROM belong to one GPU. */
const ownerOf = (role: GpuRole, device: string): string =>
  role === 'leaf' || role === 'brom' ? `gpu/${role}/${device}` : `gpu/${role}`

function issue(
  pki: DevPki,
  of: { role: GpuRole; device: string; edits: GpuEdits | undefined },
): Uint8Array {
  const { role, device, edits } = of
  const owner = ownerOf(role, device)
  const above = CHAIN[CHAIN.indexOf(role) + 1] ?? 'root'
  const draft = certificateDraft({
    serial: devSerial(pki, owner),
    subject: devName(NAMES[role]),
    spki: pki.key(owner, 'p384').spki,
    issuer: { name: devName(NAMES[above]), signer: pki.key(ownerOf(above, device), 'p384') },
    pathLength: role === 'leaf' ? undefined : CHAIN.indexOf(role) - 1,
    extensions: role === 'leaf' ? [extension('2.23.133.5.4.1', sequence(octets(FWID)))] : [],
  })
  return issueCertificate(edits?.certificate?.(role, draft) ?? draft)
}

function unsigned(nonce: Uint8Array, edits: GpuEdits | undefined): Uint8Array {
  const opaque = new Map<number, Uint8Array>([
    [3, utf8(`${DEV_GPU_DRIVER}\0`)],
    [6, Uint8Array.of(0x00, 0x9f, 0x00, 0x96, 0x01, 0, 0, 0)],
    [11, Uint8Array.of(0x55)],
    [20, FWID],
    [21, Uint8Array.of(0x55)],
    [36, Uint8Array.of(0, 0)],
  ])
  edits?.opaque?.(opaque)
  const entries = concat(
    ...[...opaque].flatMap(([kind, value]) => [u16(kind), u16(value.length), value]),
  )
  const record = concat(...Array.from({ length: BLOCKS }, (_, place) => block(place + 1)))
  return concat(
    Uint8Array.of(0x11, 0xe0, 0x01, 0xff),
    nonce,
    Uint8Array.of(0),
    Uint8Array.of(0x11, 0x60, 0, 0, BLOCKS),
    u16(record.length),
    Uint8Array.of(0),
    record,
    sha384('chrysalis/dev/gpu-nonce').subarray(0, 32),
    u16(entries.length),
    entries,
  )
}

/** Index, form, size, kind, size, digest. */
const block = (index: number): Uint8Array =>
  concat(
    Uint8Array.of(index, 1),
    u16(51),
    Uint8Array.of(1),
    u16(48),
    sha384(`chrysalis/dev/gpu-measurement/${index}`),
  )

function sha384(text: string): Uint8Array {
  return new Uint8Array(createHash('sha384').update(text).digest())
}

const u16 = (value: number): Uint8Array => Uint8Array.of(value & 0xff, value >> 8)
