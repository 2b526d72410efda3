/** @module What `/gpu` and the message of an enrolment say, from rows; amounts through `core/coin`. */
import { showCoin } from '../../core/coin.ts'
import { tierSchema } from '../../core/tier.ts'
import type { Earnings } from '../gpu/earnings-store.ts'
import type { Owed, OwnedMachine } from '../gpu/gpu-store.ts'
import type { LinkedPayout } from '../gpu/port.ts'
import type { Texts } from '../texts/texts.ts'

export type MachineState = keyof Texts['gpu']['states']

/** A gateway says every ten seconds that a worker is there; one that died says nothing. */
const heardMs = 35_000

export function stateOf(machine: OwnedMachine, nowMs: number): MachineState {
  const { isUsed, unusedUntilMs, wish, goneAtMs, seenAtMs = 0, admittedAtMs, readyAtMs } = machine
  if (!isUsed && unusedUntilMs !== undefined) {
    if (machine.refused !== undefined) return 'refused'
    return nowMs < unusedUntilMs ? 'new' : 'dead'
  }
  const isHere = admittedAtMs !== undefined && goneAtMs === undefined && nowMs - seenAtMs < heardMs
  if (machine.refused !== undefined && !isHere) return 'refused'
  if (!isHere) return admittedAtMs === undefined ? 'new' : 'offline'
  if (readyAtMs === undefined) return 'loading'
  if (machine.models.length === 0 && machine.failed.length > 0) return 'failing'
  if (wish !== 'working') return wish
  return 'online'
}

export interface GpuView {
  readonly machines: readonly OwnedMachine[]
  readonly earnings: Earnings
  readonly owed: Owed
  readonly linked: LinkedPayout
  readonly show: (payout: string) => string
  readonly nowMs: number
}

export function gpuText(texts: Texts, view: GpuView): string {
  const { gpu } = texts
  const { earnings, owed, machines } = view
  const list = machines.map((it) => machineLine(texts, it, view))
  const money = [
    gpu.earned(...sums(earnings)),
    gpu.unpaid(showCoin(owed.unpaidNano)),
    owed.last ? gpu.lastPayout(showCoin(owed.last.nano), owed.last.atMs) : gpu.noPayout,
    ...walletLines(texts, view),
  ]
  const latest = earnings.latest.map(({ task, payNano, atMs }) =>
    gpu.task(task, showCoin(payNano), atMs),
  )
  const parts = [
    gpu.about,
    list.length > 0 ? list.join('\n') : gpu.noMachines,
    money.join('\n'),
    ...(latest.length > 0 ? [[gpu.latest, ...latest].join('\n')] : []),
  ]
  return parts.join('\n\n')
}

const sums = ({ todayNano, weekNano, monthNano }: Earnings): [string, string, string] => [
  showCoin(todayNano),
  showCoin(weekNano),
  showCoin(monthNano),
]

export function machineLine(
  { gpu }: Texts,
  machine: OwnedMachine,
  { earnings, nowMs }: Pick<GpuView, 'earnings' | 'nowMs'>,
): string {
  const state = stateOf(machine, nowMs)
  const why = state === 'refused' && machine.refused ? `: ${refusalText(gpu, machine.refused)}` : ''
  const tier = tierSchema.safeParse(machine.tier)
  const { tasks = 0, payNano = 0n } = earnings.machines.get(machine.token) ?? {}
  return [
    gpu.machine(machine.number),
    `${gpu.states[state]}${why}`,
    ...(tier.success ? [gpu.tiers[tier.data]] : []),
    gpu.today(tasks, showCoin(payNano)),
  ].join(' · ')
}

function walletLines({ gpu }: Texts, { linked, show }: GpuView): string[] {
  const { payout, isProven, change } = linked
  if (payout === '') return [gpu.noWallet]
  const note = isProven ? '' : ` (${gpu.localWallet})`
  const next =
    change &&
    (change.dueAtMs === undefined
      ? gpu.changeAsked(show(change.to))
      : gpu.changeWaits(show(change.to), change.dueAtMs))
  return [`${gpu.wallet(show(payout))}${note}`, ...(next === undefined ? [] : [next])]
}

/** The steps of a machine's first start, as far as it has come. */
export function progressText({ gpu }: Texts, machine: OwnedMachine, nowMs: number): string {
  const { steps } = gpu
  const state = stateOf(machine, nowMs)
  const lines = [gpu.machine(machine.number)]
  if (state === 'dead') return [...lines, steps.dead].join('\n')
  const tier = tierSchema.safeParse(machine.tier)
  const isShown = machine.isUsed || machine.refused !== undefined
  lines.push(steps.token(isShown))
  if (state === 'refused') lines.push(steps.refused(refusalText(gpu, machine.refused ?? '')))
  else if (tier.success) lines.push(steps.evidence(gpu.tiers[tier.data], gpu.ceilings[tier.data]))
  else if (isShown) lines.push(steps.evidenceWaits)
  if (state === 'loading') lines.push(steps.modelsWait)
  if (state === 'failing' || isOnline(state)) lines.push(...testLines(gpu, machine))
  if (isOnline(state)) lines.push(steps.online)
  return lines.join('\n')
}

/** What each loaded model answered when it was tried. */
function testLines({ steps, failures }: Texts['gpu'], { models, failed }: OwnedMachine): string[] {
  const all = [...models, ...failed.map(({ model }) => model)]
  const misses = failed.map(({ model, code }) =>
    steps.selfTestFailed(model, sentenceFor(failures, code)),
  )
  return [
    steps.models(all.join(', ')),
    ...(models.length > 0 ? [steps.selfTest(models.join(', '))] : []),
    ...misses,
  ]
}

/** The enrolment is over, one way or the other. */
export const isOnline = (state: MachineState): boolean =>
  state === 'online' || state === 'paused' || state === 'draining'

/** A sentence for what an owner can do something about, the code for the rest. */
export const refusalText = ({ refusals }: Texts['gpu'], code: string): string =>
  sentenceFor(refusals, code)

const sentenceFor = (table: Readonly<Record<string, string>>, code: string): string =>
  isKnown(table, code) ? `${table[code]} [${code}]` : code

const isKnown = <T extends object>(table: T, name: PropertyKey): name is keyof T =>
  Object.hasOwn(table, name)
