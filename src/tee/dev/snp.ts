/** @module Reports of a simulated SEV-SNP machine: real format, own root, measurement marked `SIM`. */
import { constants, createHash, generateKeyPair, type KeyObject, sign } from 'node:crypto'
import { promisify } from 'node:util'
import { concat, utf8 } from '../../core/bytes.ts'
import { TAG } from '../verify/der.ts'
import { DEV_MARK } from '../verify/dev-mark.ts'
import { SNP_REPORT_BYTES, SNP_SIGNED_BYTES } from '../verify/snp/report.ts'
import { type SnpProduct, type SnpTcb, TCB_LAYOUTS } from '../verify/snp/tcb.ts'
import { context, der, integer, oid, sequence } from './der-writer.ts'
import type { DevKey, DevSigner } from './dev-key.ts'
import {
  type CertificateDraft,
  type CrlDraft,
  certificateDraft,
  type DevPki,
  devName,
  devSerial,
  extension,
  issueCertificate,
  issueCrl,
} from './pki.ts'

type SnpRole = 'root' | 'intermediate' | 'leaf'

/** What tests change before the part is signed, and in the report afterwards. */
export interface SnpEdits {
  /** Offsets as in CONF §11. */
  readonly report?: (bytes: Uint8Array) => void
  readonly signedReport?: (bytes: Uint8Array) => void
  readonly certificate?: (role: SnpRole, draft: CertificateDraft) => CertificateDraft
  readonly crl?: (draft: CrlDraft) => CrlDraft
  /** What the leaf certificate is issued for, where it is not what the report says. */
  readonly certified?: {
    readonly product?: string
    readonly tcb?: SnpTcb
    readonly chipId?: Uint8Array
  }
}

export interface DevSnpWish {
  readonly nowMs: number
  /** 64 bytes. */
  readonly reportData: Uint8Array
  /** Names the simulated machine: each name has a chip id and a key of its own. */
  readonly machine?: string
  readonly signer?: 'vcek' | 'vlek'
  readonly version?: 2 | 3 | 4 | 5
  readonly edits?: SnpEdits
}

export interface DevSnp {
  readonly report: Uint8Array
  /** DER, leaf first. */
  readonly chain: readonly Uint8Array[]
  readonly crl: Uint8Array
}

export interface DevSnpMaker {
  readonly product: SnpProduct
  /** SHA-256 (hex) of the DER of the root. */
  readonly root: string
  readonly make: (wish: DevSnpWish) => DevSnp
}

/** Firmware levels of every dev machine. */
export const DEV_SNP_TCB = {
  Milan: { bl: 4, tee: 0, snp: 24, ucode: 219 },
  Genoa: { bl: 10, tee: 0, snp: 23, ucode: 84 },
  Turin: { fmc: 1, bl: 1, tee: 1, snp: 4, ucode: 75 },
} as const satisfies Readonly<Record<SnpProduct, SnpTcb>>

/** Measurement of every dev guest: `SIM`, then what follows from its name. */
const DEV_SNP_MEASUREMENT = concat(
  DEV_MARK,
  new Uint8Array(createHash('sha384').update('chrysalis/dev/snp-guest').digest()).subarray(3),
)

/** Multithreading allowed, and the bit that is always one. */
const DEV_POLICY = 0x30000n

/** Family and model as CPUID has them. */
const MODELS = { Milan: [0x19, 0x01], Genoa: [0x19, 0x11], Turin: [0x1a, 0x02] } as const

/** Makes two RSA keys (up to some seconds), which do not follow from the seed: each call is a dev network of its own. */
export async function createDevSnp(pki: DevPki, product: SnpProduct): Promise<DevSnpMaker> {
  const [ark, ask] = await Promise.all([pssSigner(), pssSigner()])
  const makings = { pki, product, signers: { ark, ask } }
  const authorities = {
    root: issueAuthority(makings, 'root', {}),
    intermediate: issueAuthority(makings, 'intermediate', {}),
  }
  const root = createHash('sha256').update(authorities.root.certificate).digest('hex')
  return { product, root, make: (wish) => makeEvidence({ ...makings, authorities }, wish) }
}

interface RsaSigner extends DevSigner {
  readonly spki: Uint8Array
}

interface Makings {
  readonly pki: DevPki
  readonly product: SnpProduct
  readonly signers: { readonly ark: RsaSigner; readonly ask: RsaSigner }
}

interface Issued {
  readonly name: Uint8Array
  readonly serial: Uint8Array
  readonly certificate: Uint8Array
}

/** What was issued before stays, byte for byte, unless `edits` change its draft: PSS signatures differ each time. */
function issueAuthority(
  { pki, product, signers }: Makings,
  role: 'root' | 'intermediate',
  { edits, before }: { edits?: SnpEdits | undefined; before?: Issued },
): Issued {
  const rootName = devName(`ARK-${product}`)
  const subject = role === 'root' ? rootName : devName(`SEV-${product}`)
  const draft = certificateDraft({
    serial: devSerial(pki, `snp/${role}/${product}`),
    subject,
    spki: (role === 'root' ? signers.ark : signers.ask).spki,
    issuer: { name: rootName, signer: signers.ark },
    pathLength: role === 'root' ? 1 : 0,
  })
  const edited = edits?.certificate?.(role, draft) ?? draft
  if (before && edited === draft) return before
  return { name: edited.subject, serial: edited.serial, certificate: issueCertificate(edited) }
}

type Authorities = Readonly<Record<'root' | 'intermediate', Issued>>

function makeEvidence(
  makings: Makings & { readonly authorities: Authorities },
  wish: DevSnpWish,
): DevSnp {
  const { pki, product, signers, authorities } = makings
  const { machine = 'first', edits, nowMs } = wish
  const root = issueAuthority(makings, 'root', { edits, before: authorities.root })
  const before = authorities.intermediate
  const intermediate = issueAuthority(makings, 'intermediate', { edits, before })
  const key = pki.key(`snp/${product}/${machine}`, 'p384')
  const leaf = issueLeaf(makings, { key, wish, issuer: intermediate.name })
  const draft = {
    issuer: root.name,
    thisUpdate: nowMs - 86_400_000,
    nextUpdate: nowMs + 30 * 86_400_000,
    revoked: [],
    extensions: [],
    signer: signers.ark,
  }
  return {
    report: signedReport({ product, key, chipId: chipIdOf(pki, product, machine) }, wish),
    chain: [leaf, intermediate.certificate, root.certificate],
    crl: issueCrl(edits?.crl?.(draft) ?? draft),
  }
}

/** 64 bytes; Turin uses 8 of them. */
function chipIdOf(pki: DevPki, product: SnpProduct, machine: string): Uint8Array {
  const chipId = new Uint8Array(64)
  const named = pki.key(`snp/chip/${machine}`, 'p384').point
  chipId.set(named.subarray(0, product === 'Turin' ? 8 : 64))
  return chipId
}

const AMD = '1.3.6.1.4.1.3704.1.'
const PARTS = { bl: '3.1', tee: '3.2', snp: '3.3', ucode: '3.8', fmc: '3.9' } as const
const IA5_STRING = 0x16

function issueLeaf(
  { pki, product, signers }: Makings,
  { key, wish, issuer }: { key: DevKey; wish: DevSnpWish; issuer: Uint8Array },
): Uint8Array {
  const { machine = 'first', signer = 'vcek', edits } = wish
  const certified: Required<NonNullable<SnpEdits['certified']>> = {
    product,
    tcb: DEV_SNP_TCB[product],
    chipId: chipIdOf(pki, product, machine).subarray(0, product === 'Turin' ? 8 : 64),
    ...edits?.certified,
  }
  const draft = certificateDraft({
    serial: devSerial(pki, `snp/leaf/${machine}`),
    subject: devName(signer === 'vcek' ? 'SEV-VCEK' : 'SEV-VLEK'),
    spki: key.spki,
    issuer: { name: issuer, signer: signers.ask },
    extensions: [
      extension(`${AMD}2`, der(IA5_STRING, utf8(certified.product))),
      ...Object.entries(PARTS).flatMap(([part, place]) => {
        const level = certified.tcb[part]
        return level === undefined ? [] : [extension(AMD + place, integer(level))]
      }),
      signer === 'vcek'
        ? extension(`${AMD}4`, certified.chipId)
        : extension(`${AMD}5`, der(IA5_STRING, utf8('CN=dev cloud'))),
    ],
  })
  return issueCertificate(edits?.certificate?.('leaf', draft) ?? draft)
}

interface Chip {
  readonly product: SnpProduct
  readonly key: DevKey
  readonly chipId: Uint8Array
}

function signedReport({ product, key, chipId }: Chip, wish: DevSnpWish): Uint8Array {
  const { version = 3, signer = 'vcek', reportData, edits } = wish
  const report = new Uint8Array(SNP_REPORT_BYTES)
  const view = new DataView(report.buffer)
  view.setUint32(0, version, true)
  view.setBigUint64(8, DEV_POLICY, true)
  view.setUint32(52, 1, true)
  view.setUint32(72, signer === 'vlek' ? 1 << 2 : 0, true)
  report.set(reportData, 80)
  report.set(DEV_SNP_MEASUREMENT, 144)
  for (const at of [56, 384, 480, 496]) report.set(tcbBytes(product, DEV_SNP_TCB[product]), at)
  if (version >= 3) report.set(MODELS[product], 392)
  if (signer === 'vcek') report.set(chipId, 416)
  edits?.report?.(report)
  const raw = key.signRaw(report.subarray(0, SNP_SIGNED_BYTES))
  report.set(raw.subarray(0, 48).toReversed(), SNP_SIGNED_BYTES)
  report.set(raw.subarray(48).toReversed(), SNP_SIGNED_BYTES + 72)
  edits?.signedReport?.(report)
  return report
}

function tcbBytes(product: SnpProduct, tcb: SnpTcb): Uint8Array {
  const bytes = new Uint8Array(8)
  for (const [part, place] of Object.entries(TCB_LAYOUTS[product])) bytes[place] = tcb[part] ?? 0
  return bytes
}

const SHA_384 = '2.16.840.1.101.3.4.2.2'
const MGF_1 = '1.2.840.113549.1.1.8'
const RSA_PSS = '1.2.840.113549.1.1.10'

/** As AMD writes it: the default trailer is spelled out. */
function pssAlgorithm(): Uint8Array {
  const hash = sequence(oid(SHA_384), der(TAG.null))
  return sequence(
    oid(RSA_PSS),
    sequence(
      context(0, hash),
      context(1, sequence(oid(MGF_1), hash)),
      context(2, integer(48)),
      context(3, integer(1)),
    ),
  )
}

async function pssSigner(): Promise<RsaSigner> {
  const { privateKey, publicKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 4096 })
  return {
    algorithm: pssAlgorithm(),
    spki: new Uint8Array(publicKey.export({ format: 'der', type: 'spki' })),
    sign: (message) => signPss(privateKey, message),
  }
}

const signPss = (key: KeyObject, message: Uint8Array): Uint8Array =>
  new Uint8Array(
    sign('sha384', message, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 48 }),
  )
