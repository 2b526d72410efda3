/** @module /translate, /transcribe, /summarize: on the text behind them, on the file they caption, or on the message they reply to. */
import type { Composer } from 'grammy'
import type { Message } from 'grammy/types'
import type { Ctx } from '../context.ts'
import { detectLanguage } from '../reading/language.ts'
import { say } from '../replies/say.ts'
import { askerOf } from '../requests/asker.ts'
import { type Incoming, readMessage } from '../requests/incoming.ts'
import { splitTarget } from '../requests/instructions.ts'
import type { Requests } from '../requests/requests.ts'

export type TaskName = 'translate' | 'summarize' | 'transcribe'

export function addTaskCommands(composer: Composer<Ctx>, requests: Requests): void {
  for (const name of ['translate', 'summarize', 'transcribe'] as const)
    onCommand(composer, name, (ctx, command) => runTask(ctx, requests, { ...command, name }))
}

export interface Command {
  readonly message: Message
  /** What stands behind the command. */
  readonly argument: string
}

/** Commands count in captions too: a file with "/transcribe" under it is one request. */
export function onCommand(
  composer: Composer<Ctx>,
  name: string,
  handler: (ctx: Ctx, command: Command) => Promise<void>,
): void {
  const shape = new RegExp(`^/${name}(?:@(\\w+))?(?:\\s+|$)`, 'i')
  composer.on('message').filter(
    (ctx) => {
      const match = shape.exec(wordsOf(ctx))
      return match !== null && (match[1] === undefined || match[1] === ctx.me.username)
    },
    (ctx) => handler(ctx, { message: ctx.message, argument: wordsOf(ctx).replace(shape, '') }),
  )
}

const wordsOf = (ctx: Ctx): string => ctx.message?.text ?? ctx.message?.caption ?? ''

/** Runs one task on the material of a command; says what is missing. */
export async function runTask(
  ctx: Ctx,
  requests: Requests,
  { name, message, argument }: Command & { readonly name: TaskName },
): Promise<void> {
  switch (name) {
    case 'translate': {
      const detected = await detectLanguage(argument, ctx.settings.reads)
      const from = detected === 'undecided' ? undefined : detected.language
      const { to, text } = splitTarget(argument, from)
      const found = materialOf(message, text)
      if (!found) return needMaterial(ctx, message)
      const asker = askerOf(ctx, found.source)
      return requests.translate(asker, found.incoming, {
        ...(to !== undefined && { to }),
        sure: false,
      })
    }
    case 'summarize': {
      const found = materialOf(message, argument)
      if (!found) return needMaterial(ctx, message)
      return requests.summarize(askerOf(ctx, found.source), found.incoming, {})
    }
    case 'transcribe': {
      const source = materialOf(message, '')?.source ?? message
      return requests.transcribe(askerOf(ctx, source), readMessage(source), {})
    }
  }
}

interface Found {
  readonly source: Message
  readonly incoming: Incoming
}

/** The file the command captions, else the text behind it, else the quoted part or whole of the message it replies to. */
function materialOf(message: Message, text: string): Found | undefined {
  const own = readMessage(message)
  if (own.body.kind === 'sound' || own.body.kind === 'document')
    return { source: message, incoming: { ...own, text } }
  if (text.trim() !== '')
    return { source: message, incoming: { ...own, text, body: { kind: 'text' } } }
  const reply = message.reply_to_message
  if (!reply) return undefined
  const incoming = readMessage(reply)
  const quote = message.quote?.text
  return {
    source: reply,
    incoming: quote ? { ...incoming, text: quote, links: [], body: { kind: 'text' } } : incoming,
  }
}

async function needMaterial(ctx: Ctx, message: Message): Promise<void> {
  await say(ctx.api, askerOf(ctx, message).place, { text: ctx.texts.ask.needMaterial })
}
