/** @module Messages in a private chat that are no command: one request from all parts of the bundle. */
import type { Composer } from 'grammy'
import type { Message } from 'grammy/types'
import type { Ctx, Services } from '../context.ts'
import { say } from '../replies/say.ts'
import { type Asker, askerOf, placeOf } from '../requests/asker.ts'
import { type Incoming, readMessage } from '../requests/incoming.ts'
import { readInstruction } from '../requests/instructions.ts'
import type { Requests } from '../requests/requests.ts'

export function addMessages(
  composer: Composer<Ctx>,
  services: Pick<Services, 'api' | 'limits'>,
  requests: Requests,
): void {
  composer.chatType('private').on('message', async (ctx) => {
    const { parts } = ctx
    const verdict = services.limits.rate(ctx.from.id)
    if (verdict !== 'ok') {
      if (verdict === 'notice')
        await say(services.api, placeOf(ctx, ctx.message), { text: ctx.texts.input.tooFast })
      return
    }
    if (ctx.message.text?.startsWith('/') === true) {
      await say(services.api, placeOf(ctx, ctx.message), { text: ctx.texts.input.unknownCommand })
      return
    }
    const comment = commentOf(parts)
    const material = parts.filter((part) => part !== comment)
    const lead = material[0] ?? comment ?? ctx.message
    const asker = askerOf(ctx, lead)
    if (comment && material.length > 0) {
      await obey(asker, { words: comment.text ?? '', material: join(material) }, requests)
      return
    }
    const sounds = material.filter((part) => readMessage(part).body.kind === 'sound')
    if (sounds.length > 1) {
      // An album of recordings: each has its own transcript, under its own message.
      for (const sound of sounds) await requests.route(askerOf(ctx, sound), readMessage(sound))
      return
    }
    await requests.route(asker, join(material.length > 0 ? material : [lead]))
  })
}

/** The person's own words before forwarded material. */
function commentOf(parts: readonly Message[]): Message | undefined {
  const first = parts[0]
  return parts.length > 1 && first?.text !== undefined && first.forward_origin === undefined
    ? first
    : undefined
}

async function obey(
  asker: Asker,
  { words, material }: { words: string; material: Incoming },
  requests: Requests,
): Promise<void> {
  const instruction = readInstruction(words)
  if (!instruction) {
    if (material.body.kind === 'text') await requests.choose(asker, 'instruction')
    else await requests.route(asker, material)
    return
  }
  const to = 'to' in instruction && instruction.to !== undefined ? { to: instruction.to } : {}
  // A recording has to be written down first; translation and summary are buttons under the transcript.
  if (instruction.kind === 'transcribe' || material.body.kind === 'sound')
    await requests.route(asker, material)
  else if (instruction.kind === 'translate')
    await requests.translate(asker, material, { ...to, sure: false })
  else await requests.summarize(asker, material, to)
}

/** Several messages as one: the first file, sound or page decides; texts and captions are joined. */
function join(messages: readonly Message[]): Incoming {
  const all = messages.map(readMessage)
  const lead =
    all.find((one) => one.body.kind === 'sound' || one.body.kind === 'document') ?? all[0]
  if (!lead) throw new RangeError('no message')
  if (all.length === 1) return lead
  const text = all
    .map((one) => one.text)
    .filter((part) => part.trim() !== '')
    .join('\n\n')
  const links = [...new Set(all.flatMap((one) => one.links))]
  const isText = lead.body.kind === 'text' || lead.body.kind === 'other'
  const body = isText ? ({ kind: text === '' ? 'other' : 'text' } as const) : lead.body
  return { ...lead, body, text, links }
}
