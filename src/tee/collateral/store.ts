/** @module Collateral of every machine that was asked about: fetched by the gateway itself, kept, renewed before it ends, never replaced by something older (CONF §14). */
import type { Clock } from '../../core/clock.ts'
import { describe } from '../../core/describe.ts'
import type { Log } from '../../core/log.ts'
import { fromBase64url, fromHex } from '../crypto/binary.ts'
import { TeeError } from '../verify/codes.ts'
import type { Collateral } from '../verify/collateral.ts'
import { parseCrl } from '../verify/crl.ts'
import type { AmdService, SnpChip } from './amd.ts'
import type { CollateralDisk } from './disk.ts'
import type { IntelService, SignedList, SignedText, TdxPlatform } from './intel.ts'
import { type Age, ageless, ageOfSignedText, mayReplace, type Part, refreshAt } from './part.ts'

export interface SnpCollateral {
  /** DER, leaf first. */
  readonly chain: readonly Uint8Array[]
  readonly crl: Uint8Array
}

export interface CollateralStore {
  /** True when nothing has to be fetched for the platform. */
  knows(platform: TdxPlatform): boolean
  /** Fetches what is missing. Throws `COL_FETCH`, `COL_SHAPE`. What is past its end is given all the same: the verifier refuses it. */
  tdx(platform: TdxPlatform): Promise<Collateral>
  /** `certificates`: DER from the machine's own firmware, leaf first; a VLEK comes from nowhere else. */
  snp(chip: SnpChip, certificates?: readonly Uint8Array[]): Promise<SnpCollateral>
  /** Fetches again what is due; to be called every minute or so. Never rejects. */
  refresh(): Promise<void>
  /** Called after a part changed, with nothing told: sessions are judged again. Returns the end of it. */
  onChange(listener: () => void): () => void
}

/** After a failed renewal the part is left in peace for so long. */
const RETRY_MS = 300_000
/** Without new collateral no worker is admitted: somebody has to know three days before. */
const ALARM_MS = 72 * 3_600_000

type Fetched = Pick<Part, 'members' | 'age'>

export function createCollateralStore(deps: {
  intel: IntelService
  amd: AmdService
  disk: CollateralDisk
  clock: Clock
  log: Log
}): CollateralStore {
  const { intel, amd, disk, clock, log } = deps
  const parts = new Map<string, Part>()
  for (const part of disk.read()) parts.set(part.key, part)
  const flights = new Map<string, Promise<Part>>()
  const failedAt = new Map<string, number>()
  const listeners = new Set<() => void>()
  const warned = new Set<string>()

  const fetchPart = async (key: string): Promise<Part> => {
    const { members, age } = await fetchByKey(key, { intel, amd })
    const known = parts.get(key)
    if (!mayReplace(known?.age, age)) {
      log.warn('collateral.older', { evalNumber: age.evalNumber })
      // It was asked for: the next time is a full period away, and what is kept stays.
      throw new TeeError('COL_FETCH', 'older')
    }
    const part = { key, members, age, fetchedAtMs: clock.now() }
    parts.set(key, part)
    if (!disk.write(part)) log.warn('collateral.unsaved', { parts: parts.size })
    failedAt.delete(key)
    warned.delete(key)
    const isChange = known && JSON.stringify(known.members) !== JSON.stringify(members)
    if (isChange) for (const listener of listeners) listener()
    return part
  }
  /** One fetch in flight per key. */
  const fly = (key: string): Promise<Part> => {
    const flight =
      flights.get(key) ??
      fetchPart(key)
        .catch((error: unknown) => {
          failedAt.set(key, clock.now())
          throw error instanceof TeeError ? error : new TeeError('COL_FETCH')
        })
        .finally(() => flights.delete(key))
    flights.set(key, flight)
    return flight
  }
  const isDue = (part: Part): boolean => clock.now() >= refreshAt(part)
  const isPaused = (key: string): boolean =>
    clock.now() < (failedAt.get(key) ?? Number.NEGATIVE_INFINITY) + RETRY_MS
  const part = async (key: string): Promise<Part['members']> => {
    const known = parts.get(key)
    if (!known) return (await fly(key)).members
    if (isPast(known, clock.now()) && !isPaused(key))
      return (await fly(key).catch(() => known)).members
    return known.members
  }
  const warnOfEnd = (it: Part): void => {
    const { endsMs } = it.age
    if (endsMs === undefined || clock.now() < endsMs - ALARM_MS || warned.has(it.key)) return
    warned.add(it.key)
    log.error('collateral.ends-soon', { hoursLeft: Math.floor((endsMs - clock.now()) / 3_600_000) })
  }

  return {
    knows: (platform) => tdxKeys(platform).every((key) => parts.has(key)),
    tdx: async (platform) => {
      const [tcb = {}, qe = {}, pck = {}, root = {}] = await Promise.all(
        tdxKeys(platform).map(part),
      )
      return {
        pck_crl_issuer_chain: member(pck, 'chain'),
        root_ca_crl: member(root, 'der'),
        pck_crl: member(pck, 'der'),
        tcb_info_issuer_chain: member(tcb, 'chain'),
        tcb_info: member(tcb, 'text'),
        tcb_info_signature: member(tcb, 'signature'),
        qe_identity_issuer_chain: member(qe, 'chain'),
        qe_identity: member(qe, 'text'),
        qe_identity_signature: member(qe, 'signature'),
      }
    },
    snp: async (chip, certificates = []) => {
      const { product, signer } = chip
      const crl = part(`crl:amd:${signer}:${product}`)
      const chain =
        certificates.length > 0
          ? [...certificates]
          : [
              ...chainOf(await part(leafKey(chip))),
              ...chainOf(await part(`chain:${signer}:${product}`)),
            ]
      return { chain, crl: fromHex(member(await crl, 'der')) ?? new Uint8Array(0) }
    },
    refresh: async () => {
      for (const it of parts.values()) {
        warnOfEnd(it)
        if (!isDue(it) || isPaused(it.key)) continue
        await fly(it.key).catch((error: unknown) =>
          log.failure('collateral.unrefreshed', describe(error)),
        )
      }
    },
    onChange: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

const isPast = ({ age }: Part, now: number): boolean =>
  age.endsMs !== undefined && now >= age.endsMs

function member(members: Part['members'], name: string): string {
  const value = members[name]
  if (value === undefined) throw new TeeError('COL_SHAPE', name)
  return value
}

function chainOf(members: Part['members']): Uint8Array[] {
  return Object.keys(members)
    .toSorted()
    .map((name) => {
      const der = fromBase64url(member(members, name))
      if (!der) throw new TeeError('COL_SHAPE', name)
      return der
    })
}

const TCB_NAMES = ['fmc', 'bl', 'tee', 'snp', 'ucode'] as const

const tdxKeys = ({ fmspc, ca }: TdxPlatform): string[] => [
  `tcb:${fmspc}`,
  'qe',
  `crl:pck:${ca}`,
  'crl:root',
]

/** A certificate belongs to one chip in one firmware state, for good. */
const leafKey = ({ product, signer, chipId, tcb }: SnpChip): string =>
  `leaf:${signer}:${product}:${chipId}:${TCB_NAMES.map((name) => tcb[name] ?? 0).join('.')}`

/** A part's key says all that is needed to ask for it again. */
async function fetchByKey(
  key: string,
  { intel, amd }: { intel: IntelService; amd: AmdService },
): Promise<Fetched> {
  const [kind, a = '', b = '', c = '', d = ''] = key.split(':')
  switch (kind) {
    case 'tcb':
      return signed(await intel.tcbInfo(a))
    case 'qe':
      return signed(await intel.qeIdentity())
    case 'crl':
      if (a === 'root') return listed(await intel.rootCrl())
      if (a === 'pck') return listed(await intel.pckCrl(b === 'platform' ? b : 'processor'))
      return listed({ der: await amd.crl(productOf(c), signerOf(b)), chain: '' })
    case 'chain':
      return certificates(await amd.chain(productOf(b), signerOf(a)))
    case 'leaf': {
      const levels = d.split('.').map(Number)
      const tcb = Object.fromEntries(TCB_NAMES.map((name, at) => [name, levels[at] ?? 0]))
      const chip = { product: productOf(b), signer: signerOf(a), chipId: c, tcb }
      return certificates([await amd.leaf(chip)])
    }
    case undefined:
    default:
      throw new TeeError('COL_SHAPE', 'key')
  }
}

const signed = (it: SignedText): Fetched => ({
  members: { text: it.text, signature: it.signature, chain: it.chain },
  age: ageOfSignedText(it.text),
})

const listed = (it: SignedList): Fetched => ({
  members: { der: it.der, chain: it.chain },
  age: ageOfList(it.der),
})

const certificates = (chain: readonly string[]): Fetched => ({
  members: Object.fromEntries(chain.map((der, at) => [`der${String(at)}`, der])),
  age: ageless,
})

function ageOfList(der: string): Age {
  try {
    const { thisUpdate, nextUpdate } = parseCrl(fromHex(der) ?? new Uint8Array(0))
    return { evalNumber: 0, issuedMs: thisUpdate, endsMs: nextUpdate }
  } catch {
    throw new TeeError('COL_SHAPE', 'crl')
  }
}

function productOf(text: string): SnpChip['product'] {
  if (text === 'Milan' || text === 'Genoa' || text === 'Turin') return text
  throw new TeeError('COL_SHAPE', 'product')
}

const signerOf = (text: string): SnpChip['signer'] => (text === 'vlek' ? 'vlek' : 'vcek')
