/**
 * @module What GPU owners see without asking: each task's pay in the open /gpu message, the steps of an enrolment, notices.
 * A line in a message that is edited, and no notice for each task: a busy machine ends several a minute, and edits are silent.
 */
import type { Api } from 'grammy'
import type { InlineKeyboardMarkup } from 'grammy/types'
import type { Clock } from '../../core/clock.ts'
import { showCoin } from '../../core/coin.ts'
import { describe } from '../../core/describe.ts'
import type { Log } from '../../core/log.ts'
import { createRounds } from '../../core/rounds.ts'
import { mainKeyboard, viewOf } from '../features/gpu.ts'
import { gpuText, isOnline, progressText, refusalText, stateOf } from '../replies/gpu-text.ts'
import { refusalOf } from '../telegram/refusals.ts'
import { chooseUi, type Texts, textsOf } from '../texts/texts.ts'
import type { GpuStore, Notice, OwnedMachine } from './gpu-store.ts'
import type { GpuPort } from './port.ts'

export interface GpuWatchDeps {
  readonly api: Api
  readonly port: GpuPort
  readonly store: GpuStore
  readonly clock: Clock
  readonly log: Log
}

/** A task's pay shows within a second: half of one to notice it, and the call. */
const liveTickMs = 500
const tickMs = 1000
const alarmTickMs = 5000
/** Machines change state without being paid. */
const refreshMs = 5000
/** Between two edits of one message. */
const editMs = 1000
const offlineMs = 300_000
const evidenceMs = 3 * 24 * 3_600_000

const textsFor = async (store: GpuStore, owner: string): Promise<Texts> =>
  textsOf(chooseUi(await store.languageOf(owner)))

interface Shown {
  readonly text: string
  readonly seq: bigint
  readonly atMs: number
}

/** Starts watching; `close` ends it. */
export function watchGpus(deps: GpuWatchDeps): { close: () => Promise<void> } {
  const { store, clock, log } = deps
  const live = new Map<string, Shown>()
  const progress = new Map<string, string>()
  const rounds = createRounds(clock, (error) => log.failure('gpu.round-failed', describe(error)))
  rounds.every(liveTickMs, async () => {
    const open = await store.lives(clock.now())
    const keys = new Set(open.map(({ owner, message }) => `${owner}:${String(message)}`))
    for (const key of live.keys()) if (!keys.has(key)) live.delete(key)
    for (const it of open) await refreshLive(deps, it, live)
  })
  rounds.every(tickMs, async () => {
    for (const machine of await store.enrolling()) await refreshProgress(deps, machine, progress)
    for (const notice of await store.untold()) await tell(deps, notice)
  })
  rounds.every(alarmTickMs, () => store.notice({ nowMs: clock.now(), offlineMs, evidenceMs }))
  return { close: rounds.close }
}

async function refreshLive(
  deps: GpuWatchDeps,
  { owner, message }: { owner: string; message: number },
  live: Map<string, Shown>,
): Promise<void> {
  const { api, port, store, clock } = deps
  const userId = port.userOf(owner)
  if (userId === undefined) return
  const key = `${owner}:${String(message)}`
  const shown = live.get(key)
  const seq = await store.newest(owner)
  const nowMs = clock.now()
  const ageMs = nowMs - (shown?.atMs ?? 0)
  if (ageMs < editMs || (shown?.seq === seq && ageMs < refreshMs)) return
  const texts = await textsFor(store, owner)
  const view = await viewOf(deps, owner)
  const text = gpuText(texts, view)
  if (text !== shown?.text)
    await edited(deps, { owner, message: undefined }, () =>
      api.editMessageText(userId, message, text, {
        reply_markup: mainKeyboard(texts, view, port),
        link_preview_options: { is_disabled: true },
      }),
    )
  live.set(key, { text, seq, atMs: nowMs })
}

/** The token's message goes when it is used or dead; the steps stand when the machine is online. */
async function refreshProgress(
  deps: GpuWatchDeps,
  machine: OwnedMachine & { readonly owner: string },
  progress: Map<string, string>,
): Promise<void> {
  const { api, port, store, clock } = deps
  const { token, owner, tokenMessage, progressMessage } = machine
  const userId = port.userOf(owner)
  if (userId === undefined || progressMessage === undefined) return
  const texts = await textsFor(store, owner)
  const nowMs = clock.now()
  const state = stateOf(machine, nowMs)
  if (tokenMessage !== undefined && (machine.isUsed || state === 'dead')) {
    await api.deleteMessage(userId, tokenMessage).catch(quietly)
    await store.setMessages(token, { tokenMessage: null })
  }
  const text = progressText(texts, machine, nowMs)
  if (progress.get(token) !== text)
    await edited(deps, { owner, message: token }, () =>
      api.editMessageText(userId, progressMessage, text),
    )
  progress.set(token, text)
  if (!isOnline(state) && state !== 'dead') return
  progress.delete(token)
  await store.setMessages(token, { progressMessage: null })
  if (state === 'dead') await store.remove(owner, machine.number, nowMs)
}

/** One that cannot be edited any more is left alone. */
async function edited(
  { store, log }: GpuWatchDeps,
  of: { readonly owner: string; readonly message: string | undefined },
  edit: () => Promise<unknown>,
): Promise<void> {
  try {
    await edit()
  } catch (error) {
    const refusal = refusalOf(error)
    if (!refusal) throw error
    if (refusal.kind === 'done' || refusal.kind === 'flood' || refusal.kind === 'lost') return
    log.info('gpu.message-gone', { kind: refusal.kind })
    if (of.message === undefined) await store.setLive(of.owner, undefined)
    else await store.setMessages(of.message, { progressMessage: null })
  }
}

/** Told at least once: a crash in between repeats it. Whoever cannot be reached is not asked again. */
async function tell(deps: GpuWatchDeps, notice: Notice): Promise<void> {
  const { api, port, store, clock } = deps
  const userId = port.userOf(notice.owner)
  if (userId !== undefined) {
    const said = await words(deps, notice, await textsFor(store, notice.owner))
    try {
      if (said)
        await api.sendMessage(userId, said.text, {
          ...(said.keyboard && { reply_markup: { inline_keyboard: said.keyboard } }),
        })
    } catch (error) {
      const refusal = refusalOf(error)
      if (!refusal) throw error
      if (refusal.kind === 'flood' || refusal.kind === 'lost') return
    }
  }
  await store.told(notice.id, clock.now())
}

interface Words {
  readonly text: string
  readonly keyboard?: InlineKeyboardMarkup['inline_keyboard']
}

/** Undefined for a notice that is not true any more. */
async function words(
  { port }: GpuWatchDeps,
  notice: Notice,
  { gpu }: Texts,
): Promise<Words | undefined> {
  const { notices, buttons } = gpu
  const machine = gpu.machine(notice.machine ?? 0)
  const change = async () => {
    const { change: open } = await port.payouts.payoutOf(notice.owner)
    return open?.id === notice.ref ? open : undefined
  }
  const cancel = { text: buttons.cancel, callback_data: `gk${notice.ref}` }
  switch (notice.kind) {
    case 'linked':
      return { text: notices.linked(port.show(notice.ref)) }
    case 'change-asked': {
      const it = await change()
      const confirm = { text: buttons.confirm, callback_data: `gc${notice.ref}` }
      return (
        it && {
          text: notices.changeAsked(port.show(it.from), port.show(it.to)),
          keyboard: [[confirm, cancel]],
        }
      )
    }
    case 'change-waits':
    case 'change-soon': {
      const it = await change()
      const say = notice.kind === 'change-soon' ? notices.changeSoon : notices.changeWaits
      return it && { text: say(port.show(it.to), it.dueAtMs ?? 0), keyboard: [[cancel]] }
    }
    case 'changed': {
      const copy = { text: `CHRYSALIS_PAYOUT=${notice.ref}` }
      return {
        text: `${notices.changed(port.show(notice.ref))}\n\n${copy.text}`,
        keyboard: [[{ text: buttons.copy, copy_text: copy }]],
      }
    }
    case 'change-cancelled':
      return { text: notices.changeCancelled }
    case 'offline':
      return { text: notices.offline(machine) }
    case 'evidence':
      return { text: notices.evidence(machine, notice.ref) }
    case 'image':
      return { text: notices.image(machine) }
    case 'refused':
      return { text: notices.refused(machine, refusalText(gpu, notice.ref)) }
    case 'paid':
      return { text: notices.paid(showCoin(notice.nano ?? 0n)) }
    default:
      return undefined
  }
}

/** A message that is gone already is as good as deleted. */
function quietly(error: unknown): void {
  if (!refusalOf(error)) throw error
}
