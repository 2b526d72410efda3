/** @module /gpu: machines, what they earn, where that goes. Every press is authorised by whose chat it is in: rows are looked up by the presser. */
import { type CallbackQueryContext, type Composer, InlineKeyboard } from 'grammy'
import { AppError } from '../../core/app-error.ts'
import type { Clock } from '../../core/clock.ts'
import { showCoin } from '../../core/coin.ts'
import type { Ctx } from '../context.ts'
import { ALERTS, type Alerts, type GpuStore, type OwnedMachine } from '../gpu/gpu-store.ts'
import type { GpuPort } from '../gpu/port.ts'
import { type GpuView, gpuText, machineLine, progressText } from '../replies/gpu-text.ts'
import { sentenceOf } from '../replies/say.ts'
import { refusalOf } from '../telegram/refusals.ts'
import type { Texts } from '../texts/texts.ts'

export interface GpuDeps {
  readonly port: GpuPort
  readonly store: GpuStore
  readonly clock: Clock
}

/** Tokens that nobody used by then are dead. */
const unusedMs = 24 * 3_600_000
/** A message shows each task's pay for so long after it was asked for; its last line stands. */
const liveMs = 3_600_000
/** Payouts on demand begin here. */
const leastNano = 50_000_000n
/** And go once an hour. */
const askMs = 3_600_000

/** Callback data: `g`, a letter, and a machine's number, a change's id or an alert's place. */
const data = (act: string, arg: string | number = ''): string => `g${act}${arg}`

export function addGpu(composer: Composer<Ctx>, deps: GpuDeps): void {
  const { port, store, clock } = deps
  composer.command('gpu', async (ctx) => {
    if (!ctx.from) return
    const owner = port.ownerOf(ctx.from.id)
    await store.setLanguage(owner, ctx.ui, clock.now())
    const view = await viewOf(deps, owner)
    const sent = await ctx.reply(gpuText(ctx.texts, view), {
      reply_markup: mainKeyboard(ctx.texts, view, port),
    })
    await store.setLive(owner, { message: sent.message_id, untilMs: clock.now() + liveMs })
  })
  composer.callbackQuery(/^g(?<act>[a-zA-Z])(?<arg>[0-9a-f]{0,16})$/, async (ctx) => {
    const [, act = '', arg = ''] = ctx.match
    try {
      const said = await press(deps, ctx, { act, arg })
      await ctx.answerCallbackQuery(said === undefined ? {} : { text: said, show_alert: true })
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      const isGone = error.code === 'wallet.change-unknown'
      const text = isGone ? ctx.texts.gpu.changeGone : sentenceOf(error, ctx.texts).text
      await ctx.answerCallbackQuery({ text: text.slice(0, 200), show_alert: true })
    }
  })
}

interface Press {
  readonly act: string
  readonly arg: string
}
type PressCtx = CallbackQueryContext<Ctx>

/** What is said in a box above the chat; undefined: the message says it. */
async function press(
  deps: GpuDeps,
  ctx: PressCtx,
  { act, arg }: Press,
): Promise<string | undefined> {
  const { port, store, clock } = deps
  const owner = port.ownerOf(ctx.from.id)
  switch (act) {
    case 'm':
      return showMain(deps, ctx, owner)
    case 'a':
      return addMachine(deps, ctx, owner)
    case 'w':
      return offerPage(deps, ctx, owner)
    case 'p':
    case 'P':
      return payOut(deps, ctx, { owner, isSure: act === 'P' })
    case 's':
      return showAlerts(ctx, await store.alerts(owner))
    case 't': {
      const alert = ALERTS[Number(arg)]
      if (!alert) return ctx.texts.say['too-old']
      return showAlerts(ctx, await store.toggle(owner, alert, clock.now()))
    }
    case 'c':
      await port.payouts.confirmChange(owner, arg)
      await ctx.editMessageReplyMarkup()
      return undefined
    case 'k':
      await port.payouts.cancelChange(owner, arg)
      await ctx.editMessageReplyMarkup()
      return undefined
    default:
      return pressMachine(deps, ctx, { owner, act, number: Number(arg) })
  }
}

async function pressMachine(
  deps: GpuDeps,
  ctx: PressCtx,
  { owner, act, number }: { owner: string; act: string; number: number },
): Promise<string | undefined> {
  const { store, clock } = deps
  const { gpu, say } = ctx.texts
  const wishes = { u: 'paused', r: 'working', d: 'draining' } as const
  switch (act) {
    case 'v':
      return showMachine(deps, ctx, { owner, number })
    case 'u':
    case 'r':
    case 'd':
      if (!(await store.setWish(owner, number, wishes[act]))) return gpu.gone
      return showMachine(deps, ctx, { owner, number })
    case 'x': {
      const keyboard = new InlineKeyboard().row(
        { text: gpu.buttons.removeSure, callback_data: data('X', number), style: 'danger' },
        { text: gpu.buttons.back, callback_data: data('v', number) },
      )
      await ctx.editMessageText(gpu.sure.remove(gpu.machine(number)), { reply_markup: keyboard })
      return undefined
    }
    case 'X':
      if (!(await store.remove(owner, number, clock.now()))) return gpu.gone
      await showMain(deps, ctx, owner)
      return gpu.removed
    default:
      return say['too-old']
  }
}

export async function viewOf({ port, store, clock }: GpuDeps, owner: string): Promise<GpuView> {
  const nowMs = clock.now()
  const linked = await port.payouts.payoutOf(owner)
  const payee = port.payeeOf(linked.payout)
  const [machines, earnings, owed] = await Promise.all([
    store.machines(owner),
    store.earnings(owner, nowMs),
    payee === undefined ? { unpaidNano: 0n } : store.owed(payee),
  ])
  return { machines, earnings, owed, linked, show: port.show, nowMs }
}

/** Two in a row; the machines first. */
export function mainKeyboard({ gpu }: Texts, view: GpuView, port: GpuPort): InlineKeyboard {
  const { buttons } = gpu
  const keyboard = new InlineKeyboard()
  for (const [at, { number }] of view.machines.entries()) {
    keyboard.text(gpu.machine(number), data('v', number))
    if (at % 2 === 1) keyboard.row()
  }
  keyboard.row().text(buttons.add, data('a'))
  if (port.walletPage) {
    const isFirst = view.linked.payout === '' || !view.linked.isProven
    keyboard.text(isFirst ? buttons.link : buttons.change, data('w'))
  }
  keyboard.row()
  if (port.payNow && view.owed.unpaidNano > 0n) keyboard.text(buttons.payNow, data('p'))
  const payee = port.payeeOf(view.linked.payout)
  if (port.explorer && payee !== undefined) keyboard.url(buttons.explorer, port.explorer(payee))
  return keyboard.row().text(buttons.alerts, data('s')).text(buttons.refresh, data('m'))
}

async function showMain(deps: GpuDeps, ctx: PressCtx, owner: string): Promise<undefined> {
  const view = await viewOf(deps, owner)
  const message = ctx.callbackQuery.message?.message_id
  await edit(ctx, gpuText(ctx.texts, view), mainKeyboard(ctx.texts, view, deps.port))
  if (message !== undefined)
    await deps.store.setLive(owner, { message, untilMs: deps.clock.now() + liveMs })
}

async function showMachine(
  deps: GpuDeps,
  ctx: PressCtx,
  { owner, number }: { owner: string; number: number },
): Promise<string | undefined> {
  const { gpu } = ctx.texts
  const { buttons } = gpu
  const view = await viewOf(deps, owner)
  const machine = view.machines.find((it) => it.number === number)
  if (!machine) return gpu.gone
  await deps.store.setLive(owner, undefined)
  const keyboard = new InlineKeyboard()
  if (machine.wish === 'working')
    keyboard.text(buttons.pause, data('u', number)).text(buttons.drain, data('d', number))
  else keyboard.text(buttons.resume, data('r', number))
  // Without an end of its first use it is the installation's own, which starts with the system.
  if (machine.unusedUntilMs !== undefined) keyboard.text(buttons.remove, data('x', number))
  keyboard.row().text(buttons.back, data('m'))
  const parts = [
    machineLine(ctx.texts, machine, view),
    progressText(ctx.texts, machine, view.nowMs),
  ]
  await edit(ctx, parts.join('\n\n'), keyboard)
  return undefined
}

async function showAlerts(ctx: PressCtx, alerts: Alerts): Promise<undefined> {
  const { gpu } = ctx.texts
  const keyboard = new InlineKeyboard()
  for (const [at, alert] of ALERTS.entries())
    keyboard.text(`${alerts[alert] ? '✓' : '✗'} ${gpu.alerts[alert]}`, data('t', at)).row()
  await edit(ctx, gpu.alertsTitle, keyboard.text(gpu.buttons.back, data('m')))
}

/** The command with its token, which goes when it is used, and the message that shows what becomes of it. */
async function addMachine(
  deps: GpuDeps,
  ctx: PressCtx,
  owner: string,
): Promise<string | undefined> {
  const { port, store, clock } = deps
  const { gpu } = ctx.texts
  const { payout } = await port.payouts.payoutOf(owner)
  if (payout === '' && port.walletPage) {
    await offerPage(deps, ctx, owner)
    return gpu.noWallet
  }
  const { token, hash } = port.newToken()
  const nowMs = clock.now()
  const unusedUntilMs = nowMs + unusedMs
  const number = await store.add({ owner, token: hash, payout, nowMs, unusedUntilMs })
  const command = port.command(token, payout)
  const text = `${gpu.join(unusedMs / 3_600_000)}\n\n${command}`
  const shown = await ctx.reply(text, {
    protect_content: true,
    entities: [{ type: 'code', offset: text.length - command.length, length: command.length }],
    reply_markup: {
      inline_keyboard: [[{ text: gpu.buttons.copy, copy_text: { text: command } }]],
    },
  })
  const fresh: OwnedMachine = {
    token: hash,
    number,
    wish: 'working',
    isUsed: false,
    unusedUntilMs,
    models: [],
    failed: [],
  }
  const progress = await ctx.reply(progressText(ctx.texts, fresh, nowMs))
  await store.setMessages(hash, {
    tokenMessage: shown.message_id,
    progressMessage: progress.message_id,
  })
  return undefined
}

async function offerPage({ port }: GpuDeps, ctx: PressCtx, owner: string): Promise<undefined> {
  const { gpu } = ctx.texts
  const url = port.walletPage?.(await port.payouts.ticket(owner))
  if (url === undefined) return
  await ctx.reply(gpu.walletPage, {
    reply_markup: { inline_keyboard: [[{ text: gpu.buttons.openPage, url }]] },
    link_preview_options: { is_disabled: true },
  })
}

async function payOut(
  deps: GpuDeps,
  ctx: PressCtx,
  { owner, isSure }: { owner: string; isSure: boolean },
): Promise<string | undefined> {
  const { port } = deps
  const { gpu } = ctx.texts
  const { linked, owed, nowMs } = await viewOf(deps, owner)
  const payee = port.payeeOf(linked.payout)
  if (payee === undefined || !port.payNow) return gpu.noWallet
  if (owed.unpaidNano < leastNano) return gpu.tooLittle(showCoin(leastNano))
  const nextMs = (owed.last?.atMs ?? 0) + askMs
  if (nowMs < nextMs) return gpu.tooEarly(nextMs)
  if (!isSure) {
    await deps.store.setLive(owner, undefined)
    const keyboard = new InlineKeyboard()
      .text(gpu.buttons.payNowSure, data('P'))
      .text(gpu.buttons.back, data('m'))
    await edit(ctx, gpu.sure.payNow(showCoin(owed.unpaidNano)), keyboard)
    return undefined
  }
  await port.payNow(payee)
  await showMain(deps, ctx, owner)
  return gpu.payAsked
}

async function edit(ctx: PressCtx, text: string, keyboard: InlineKeyboard): Promise<void> {
  await ctx
    .editMessageText(text, { reply_markup: keyboard, link_preview_options: { is_disabled: true } })
    .catch((error: unknown) => {
      if (refusalOf(error)?.kind !== 'done') throw error
    })
}
