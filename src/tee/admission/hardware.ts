/** @module Which machine may work for whom: the rules of enrolment, without its rows (CONF §12). */
import type { TeeCode } from '../verify/codes.ts'

/** A machine as its owner brought it. */
export interface EnrolledMachine {
  readonly owner: string
  /** At most so many workers at once; a machine without GPUs runs one. */
  readonly gpus: number
  /** It was seen from two networks at once. */
  readonly isSplit: boolean
}

/** A worker that is connected now, on any gateway. */
export interface LiveWorker {
  readonly kid: string
  readonly hw: string
  /** What tells networks apart. */
  readonly network: string
  /** Names of its GPUs. */
  readonly devices: readonly string[]
}

/**
 * Whether `worker`, admitted for `owner`, may work beside the others that are live. `HW_UNKNOWN`: never enrolled;
 * `HW_OWNER`: another's; `HW_SPLIT`: live from another network too, or it was (the caller quarantines it);
 * `HW_CAP`: as many workers as it has GPUs; `GPU_CLONE`: one of its GPUs is another live worker's.
 */
export function judgeMachine(
  machine: EnrolledMachine | undefined,
  { worker, owner, live }: { worker: LiveWorker; owner: string; live: readonly LiveWorker[] },
): TeeCode | undefined {
  if (!machine) return 'HW_UNKNOWN'
  if (machine.owner !== owner) return 'HW_OWNER'
  const others = live.filter(({ kid }) => kid !== worker.kid)
  const here = others.filter(({ hw }) => hw === worker.hw)
  if (machine.isSplit || here.some(({ network }) => network !== worker.network)) return 'HW_SPLIT'
  if (here.length >= Math.max(1, machine.gpus)) return 'HW_CAP'
  const isTaken = others.some(({ devices }) => devices.some((it) => worker.devices.includes(it)))
  return isTaken ? 'GPU_CLONE' : undefined
}

/**
 * What tells networks apart: the first 24 bits of an IPv4 address, the first 48 of an IPv6 one; all of this machine is
 * one network. Any other text is a network of its own.
 */
export function networkOf(address: string): string {
  const plain = address
    .replace(/^::ffff:(?=\d+\.)/i, '')
    .replace(/%.*$/, '')
    .toLowerCase()
  if (plain === '::1' || plain.startsWith('127.')) return 'here'
  if (/^\d+\.\d+\.\d+\.\d+$/.test(plain)) return plain.split('.').slice(0, 3).join('.')
  return plain.includes(':') ? firstGroups(plain) : plain
}

/** Three groups of an IPv6 address, with `::` filled in. */
function firstGroups(address: string): string {
  const [head = '', tail] = address.split('::')
  const groups = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - groups.length - after.length)
  const all = [...groups, ...Array.from({ length: zeros }, () => '0'), ...after]
  return all
    .slice(0, 3)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')
}
