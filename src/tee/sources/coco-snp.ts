/** @module SNP reports as the guest agent writes them: a JSON object of named numbers and byte lists, put back into their 1184 bytes. */
import { z } from 'zod'
import { fromBase64, fromHex } from '../../core/bytes.ts'
import { TeeError } from '../verify/codes.ts'
import { SNP_REPORT_BYTES } from '../verify/snp/report.ts'

const byte = z.int().min(0).max(255)
const bytes = (length: number) => z.array(byte).length(length)
const number = z.int().min(0)
const version = z.object({ major: byte, minor: byte, build: byte })
const tcbShape = z.object({
  fmc: byte.nullish(),
  bootloader: byte,
  tee: byte,
  snp: byte,
  microcode: byte,
})
type AgentTcb = z.infer<typeof tcbShape>

/** Members of both layouts of the agent's library; what it calls reserved is zero and is not read. */
const reportShape = z.object({
  version: number,
  guest_svn: number,
  policy: number,
  family_id: bytes(16),
  image_id: bytes(16),
  vmpl: number,
  sig_algo: number,
  current_tcb: tcbShape,
  plat_info: number,
  key_info: number.optional(),
  _author_key_en: number.optional(),
  report_data: bytes(64),
  measurement: bytes(48),
  host_data: bytes(32),
  id_key_digest: bytes(48),
  author_key_digest: bytes(48),
  report_id: bytes(32),
  report_id_ma: bytes(32),
  reported_tcb: tcbShape,
  cpuid_fam_id: byte.nullish(),
  cpuid_mod_id: byte.nullish(),
  cpuid_step: byte.nullish(),
  chip_id: bytes(64),
  committed_tcb: tcbShape,
  current: version.optional(),
  current_build: byte.optional(),
  current_minor: byte.optional(),
  current_major: byte.optional(),
  committed: version.optional(),
  committed_build: byte.optional(),
  committed_minor: byte.optional(),
  committed_major: byte.optional(),
  launch_tcb: tcbShape,
  launch_mit_vector: number.nullish(),
  current_mit_vector: number.nullish(),
  signature: z.object({ r: bytes(72), s: bytes(72) }),
})

/**
 * The report's bytes; also from hex, base64 or a plain list of bytes. Throws `SRC_IO` for another form. What was lost on
 * the way (a member that is not known here) makes the chip's signature false later.
 */
export function reportOfAgent(value: unknown): Uint8Array {
  if (typeof value === 'string') return mustBe(fromHex(value) ?? fromBase64(value))
  if (Array.isArray(value)) {
    const plain = bytes(SNP_REPORT_BYTES).safeParse(value)
    return mustBe(plain.success ? Uint8Array.from(plain.data) : undefined)
  }
  const parsed = reportShape.safeParse(value)
  if (!parsed.success) throw new TeeError('SRC_IO')
  return packReport(parsed.data)
}

function packReport(report: z.infer<typeof reportShape>): Uint8Array {
  const packed = new Uint8Array(SNP_REPORT_BYTES)
  const { _author_key_en: keyFlags = 0 } = report
  const view = new DataView(packed.buffer)
  const u32 = (at: number, value: number): void => view.setUint32(at, value, true)
  const u64 = (at: number, value: number): void => view.setBigUint64(at, BigInt(value), true)
  const tcb = (at: number, value: AgentTcb): void => packed.set(tcbBytes(value), at)
  u32(0, report.version)
  u32(4, report.guest_svn)
  u64(8, report.policy)
  packed.set(report.family_id, 16)
  packed.set(report.image_id, 32)
  u32(48, report.vmpl)
  u32(52, report.sig_algo)
  tcb(56, report.current_tcb)
  u64(64, report.plat_info)
  u32(72, report.key_info ?? keyFlags)
  packed.set(report.report_data, 80)
  packed.set(report.measurement, 144)
  packed.set(report.host_data, 192)
  packed.set(report.id_key_digest, 224)
  packed.set(report.author_key_digest, 272)
  packed.set(report.report_id, 320)
  packed.set(report.report_id_ma, 352)
  tcb(384, report.reported_tcb)
  packed.set([report.cpuid_fam_id ?? 0, report.cpuid_mod_id ?? 0, report.cpuid_step ?? 0], 392)
  packed.set(report.chip_id, 416)
  tcb(480, report.committed_tcb)
  packed.set(versionBytes(report, 'current'), 488)
  packed.set(versionBytes(report, 'committed'), 492)
  tcb(496, report.launch_tcb)
  u64(504, report.launch_mit_vector ?? 0)
  u64(512, report.current_mit_vector ?? 0)
  packed.set(report.signature.r, 672)
  packed.set(report.signature.s, 744)
  return packed
}

/** With `fmc` it is Turin's order, else that of Milan and Genoa. */
const tcbBytes = ({ fmc, bootloader, tee, snp, microcode }: AgentTcb): readonly number[] =>
  typeof fmc === 'number'
    ? [fmc, bootloader, tee, snp, 0, 0, 0, microcode]
    : [bootloader, tee, 0, 0, 0, 0, snp, microcode]

function versionBytes(
  report: z.infer<typeof reportShape>,
  which: 'current' | 'committed',
): readonly number[] {
  const { major, minor, build } = report[which] ?? {
    major: report[`${which}_major`],
    minor: report[`${which}_minor`],
    build: report[`${which}_build`],
  }
  return [build ?? 0, minor ?? 0, major ?? 0]
}

function mustBe(report: Uint8Array | undefined): Uint8Array {
  if (report?.length !== SNP_REPORT_BYTES) throw new TeeError('SRC_IO')
  return report
}

const entriesShape = z
  .array(z.object({ cert_type: z.unknown(), data: z.array(byte).max(8192) }))
  .max(8)
  .nullish()

const order = ['VCEK', 'VLEK', 'ASK', 'ASVK', 'ARK']

/** DER, leaf first; entries of another kind are left out. Throws `SRC_IO` for another form. */
export function chainOfEntries(value: unknown): readonly Uint8Array[] {
  const parsed = entriesShape.safeParse(value)
  if (!parsed.success) throw new TeeError('SRC_IO')
  return (parsed.data ?? [])
    .map(({ cert_type, data }) => ({ place: order.indexOf(String(cert_type)), data }))
    .filter(({ place }) => place >= 0)
    .toSorted((a, b) => a.place - b.place)
    .map(({ data }) => Uint8Array.from(data))
}
