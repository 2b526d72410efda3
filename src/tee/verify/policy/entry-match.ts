/** @module Whether evidence is what one entry of a policy describes: exact measurements, models and GPUs (CONF §10–§12). */
import type { AnchorSet } from '../anchors.ts'
import type { TeeCode } from '../codes.ts'
import type { Measurements, Verdict } from '../examination.ts'
import type { PolicyEntry, SnpEntry, TdxEntry } from './entry.ts'
import { judgeAmdTcb } from './tcb.ts'

/** One GPU's verdict; `nras` says whether NVIDIA's service accepted the same evidence. */
export interface GpuFinding {
  readonly verdict: Verdict
  readonly nras?: boolean
}

export interface Shown {
  readonly measured: Measurements
  readonly gpus: readonly GpuFinding[]
  /** What the claims serve; absent where there are no claims. */
  readonly models?: readonly { readonly id: string; readonly weights: string }[]
  /** What the replayed event log names; undefined where it names nothing. Asked only by entries that name one. */
  readonly composeHash: () => string | undefined
  readonly net: AnchorSet['net']
}

/** `isNamed`: the measurements are this entry's, and only what `failed` lists is not. */
export interface Match {
  readonly entry: PolicyEntry
  readonly isNamed: boolean
  readonly failed: readonly TeeCode[]
}

export function matchEntry(entry: PolicyEntry, shown: Shown): Match {
  const { measured } = shown
  const own =
    entry.tee === 'tdx' && measured.tee === 'tdx'
      ? matchTdx(entry, measured, shown)
      : entry.tee === 'snp' && measured.tee === 'snp'
        ? matchSnp(entry, measured, shown)
        : undefined
  if (!own) return { entry, isNamed: false, failed: ['POL_MEASUREMENT'] }
  return {
    entry,
    isNamed: true,
    failed: [...own, ...judgeGpus(entry, shown), ...judgeModels(entry, shown)],
  }
}

type Tdx = Extract<Measurements, { tee: 'tdx' }>
type Snp = Extract<Measurements, { tee: 'snp' }>

/** Undefined: another machine state. */
function matchTdx(entry: TdxEntry, it: Tdx, shown: Shown): TeeCode[] | undefined {
  const isSame =
    entry.mrtd === it.mrTd &&
    entry.rtmr0 === it.rtmr0 &&
    entry.rtmr1 === it.rtmr1 &&
    entry.rtmr2 === it.rtmr2 &&
    entry.mrConfigId === it.mrConfigId &&
    entry.mrOwner === it.mrOwner &&
    entry.mrOwnerConfig === it.mrOwnerConfig
  if (!isSame) return undefined
  const failed: TeeCode[] = []
  if (entry.composeHash === undefined) {
    if (entry.rtmr3 !== it.rtmr3) return undefined
  } else {
    const compose = shown.composeHash()
    if (compose === undefined) failed.push('POL_EVENTLOG')
    else if (compose !== entry.composeHash) return undefined
  }
  if (entry.tdAttributes !== it.tdAttributes) failed.push('TDX_ATTR')
  if (entry.xfam !== it.xfam) failed.push('TDX_XFAM')
  return failed
}

function matchSnp(entry: SnpEntry, it: Snp, { net }: Shown): TeeCode[] | undefined {
  const { snp } = entry
  const isSame =
    entry.hostData === it.hostData &&
    snp.measurement === it.measurement &&
    snp.policy === it.policy &&
    snp.idKeyDigest === it.idKeyDigest &&
    snp.authorKeyDigest === it.authorKeyDigest &&
    snp.product === it.product
  if (!isSame) return undefined
  const failed: TeeCode[] = [...judgeAmdTcb(it, entry)]
  // A VLEK is a cloud's key and names no chip, so no enrolment could hold its owner.
  if (it.signer !== 'vcek') failed.push('SNP_SIGNER')
  if (it.product === 'Milan' && net !== 'devnet') failed.push('SNP_PRODUCT_BANNED')
  return failed
}

/** An entry for GPUs wants at least one, each of them listed; an entry without wants none. */
function judgeGpus({ gpu }: PolicyEntry, { gpus }: Shown): TeeCode[] {
  if (!gpu) return gpus.length > 0 ? ['GPU_VERSION'] : []
  if (gpus.length === 0) return ['GPU_MEASUREMENT']
  return gpus.flatMap(({ verdict: { measurements }, nras }): TeeCode[] => {
    if (measurements?.tee !== 'nvidia') return ['GPU_MEASUREMENT']
    const { driver, vbios, blocks } = measurements
    const golden = Object.entries(gpu.golden)
    const failed: TeeCode[] = []
    if (!gpu.drivers.includes(driver) || !gpu.vbios.includes(vbios)) failed.push('GPU_VERSION')
    // The first video decoder's firmware is not measured while it is off; no other index can be missing.
    const compared = golden.filter(([index]) => index !== '35' || blocks[index] !== undefined)
    if (compared.length === 0 || compared.some(([index, digest]) => blocks[index] !== digest))
      failed.push('GPU_MEASUREMENT')
    if (gpu.nras === 'required' && nras !== true) failed.push('GPU_NRAS_RESULT')
    return failed
  })
}

function judgeModels(entry: PolicyEntry, { models = [], net }: Shown): TeeCode[] {
  const listed = entry.models
  if (listed === 'any') return net === 'devnet' ? [] : ['CLM_MODEL']
  const isListed = models.every((claimed) =>
    listed.some(({ id, weights }) => id === claimed.id && weights === claimed.weights),
  )
  return isListed ? [] : ['CLM_MODEL']
}
