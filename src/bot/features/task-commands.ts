/** @module /translate, /transcribe, /summarize: on the text behind them, on the file they caption, or on the message they reply to. */
import type { Composer } from 'grammy'
import type { Message } from 'grammy/types'
import type { Ctx } from '../context.ts'
import { type Incoming, readMessage } from '../incoming.ts'
import { splitTarget } from '../instructions.ts'
import { detectLanguage } from '../reading/language.ts'
import { say } from '../replies/say.ts'
import { askerOf } from './asker.ts'
import type { Requests } from './requests.ts'

export function addTaskCommands(composer: Composer<Ctx>, requests: Requests): void {
  const only = composer.filter((ctx) => ctx.chat?.type === 'private')
  onCommand(only, 'translate', async (ctx, argument) => {
    const detected = await detectLanguage(argument, ctx.settings.reads)
    const { to, text } = splitTarget(
      argument,
      detected === 'undecided' ? undefined : detected.language,
    )
    const found = materialOf(ctx, text)
    if (!found) return needMaterial(ctx)
    await requests.translate(askerOf(ctx, found.source), found.incoming, {
      ...(to !== undefined && { to }),
      sure: false,
    })
  })
  onCommand(only, 'summarize', async (ctx, argument) => {
    const found = materialOf(ctx, argument)
    if (!found) return needMaterial(ctx)
    await requests.summarize(askerOf(ctx, found.source), found.incoming, {})
  })
  onCommand(only, 'transcribe', async (ctx) => {
    const found = materialOf(ctx, '')
    const source = found?.source ?? ctx.message
    await requests.transcribe(askerOf(ctx, source), readMessage(source), {})
  })
}

type Handler = (ctx: Ctx & { message: Message }, argument: string) => Promise<void>

/** Commands count in captions too: a file with "/transcribe" under it is one request. */
function onCommand(composer: Composer<Ctx>, name: string, handler: Handler): void {
  const shape = new RegExp(`^/${name}(?:@(\\w+))?(?:\\s+|$)`, 'i')
  composer.on(['message:text', 'message:caption']).filter(
    ({ message, me }) => {
      const match = shape.exec(message.text ?? message.caption ?? '')
      return match !== null && (match[1] === undefined || match[1] === me.username)
    },
    (ctx) => {
      const { message } = ctx
      const argument = (message.text ?? message.caption ?? '').replace(shape, '')
      return handler(Object.assign(ctx, { message }), argument)
    },
  )
}

interface Found {
  readonly source: Message
  readonly incoming: Incoming
}

/** The text behind the command, else the file it captions, else the quoted part or whole of the message it replies to. */
export function materialOf(ctx: Ctx & { message: Message }, text: string): Found | undefined {
  const { message } = ctx
  const own = readMessage(message)
  if (own.body.kind === 'sound' || own.body.kind === 'document')
    return { source: message, incoming: { ...own, text } }
  if (text.trim() !== '')
    return { source: message, incoming: { ...own, text, body: { kind: 'text' } } }
  const quote = message.quote?.text
  const reply = message.reply_to_message
  if (!reply) return undefined
  const incoming = readMessage(reply)
  return {
    source: reply,
    incoming: quote ? { ...incoming, text: quote, links: [], body: { kind: 'text' } } : incoming,
  }
}

async function needMaterial(ctx: Ctx & { message: Message }): Promise<void> {
  await say(ctx.api, askerOf(ctx, ctx.message).place, { text: ctx.texts.ask.needMaterial })
}
