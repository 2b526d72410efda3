/** @module Channel posts as text: which ones are summarised, where the author's part ends, and how a summary is put below it. Pure. */
import { createHmac } from 'node:crypto'
import type { LinkPreviewOptions, Message, MessageEntity } from 'grammy/types'
import { z } from 'zod'
import { flattenRich } from '../replies/rich-text.ts'

/** Stands between the author's words and ours; people do not type it, so the place is found again after edits. */
export const MARK = '\n\n———\n🦋 '

/** What Telegram takes in a text and in a caption, in UTF-16 units. */
const maxUnits = { text: 4096, caption: 1024 } as const

/** Why a post is left alone. */
export type Skip =
  | 'short'
  | 'forward'
  | 'via-bot'
  | 'paid'
  | 'advertisement'
  | 'custom-emoji'
  | 'rich'

/** `#ad`, `#реклама` and the mark that Russian law asks for under advertisements. */
const advertisement =
  /(?:^|\s)#(?:ad|ads|advert\w*|sponsored|promo|реклам\p{L}*|anzeige|werbung|publicidad|pub)(?![\p{L}\p{N}_])|(?<!\p{L})erid(?!\p{L})/iu

/** The words of a post: text, caption or flattened rich message. */
export function postText(message: Message): string {
  if (message.rich_message) return flattenRich(message.rich_message.blocks).text
  return message.text ?? message.caption ?? ''
}

/** The part of `text` that is the author's: everything before our mark. */
export function sourceOf(text: string): string {
  const at = text.lastIndexOf(MARK)
  return at < 0 ? text : text.slice(0, at)
}

/** Why this post gets no summary; undefined when it gets one. An automatic forward in the discussion group is its post. */
export function skipOf(
  message: Message,
  { threshold, mode }: { threshold: number; mode: 'comment' | 'append' },
): Skip | undefined {
  if (message.via_bot) return 'via-bot'
  if (message.is_paid_post === true) return 'paid'
  if (isForward(message)) return 'forward'
  const source = sourceOf(postText(message))
  if (source.length < threshold) return 'short'
  if (advertisement.test(source)) return 'advertisement'
  if (mode === 'comment') return undefined
  if (message.rich_message) return 'rich'
  // Bots may not set custom emoji in most channels: an edit by us would turn the author's into ordinary ones.
  return entitiesOf(message).some(({ type }) => type === 'custom_emoji')
    ? 'custom-emoji'
    : undefined
}

/** A forward of somebody else's; the copy of the channel's own post in its group is none. */
function isForward({ forward_origin: origin, is_automatic_forward: isCopy, ...message }: Message) {
  if (origin === undefined) return false
  return !(
    isCopy === true &&
    origin.type === 'channel' &&
    origin.chat.id === message.sender_chat?.id
  )
}

const entitiesOf = (message: Message): readonly MessageEntity[] =>
  message.entities ?? message.caption_entities ?? []

/** Keyed, so that a row does not betray a text that somebody else has too. */
export const postHash = (key: Uint8Array, text: string): string =>
  createHmac('sha256', key).update('chrysalis/post/1\0').update(text).digest('hex')

/** What an edit has to give back: everything an edit by a bot would otherwise take away. */
const originalSchema = z.object({
  v: z.literal(1),
  kind: z.enum(['text', 'caption']),
  text: z.string(),
  entities: z.array(z.custom<MessageEntity>((value) => typeof value === 'object')),
  keyboard: z
    .custom<NonNullable<Message['reply_markup']>>((value) => typeof value === 'object')
    .optional(),
  preview: z.custom<LinkPreviewOptions>((value) => typeof value === 'object').optional(),
  captionAbove: z.boolean().optional(),
})
export type Original = z.infer<typeof originalSchema>

/** The author's part of a post, without what we put below it. */
export function originalOf(message: Message): Original {
  const text = sourceOf(postText(message))
  return {
    v: 1,
    kind: message.text === undefined ? 'caption' : 'text',
    text,
    entities: entitiesOf(message).filter(({ offset, length }) => offset + length <= text.length),
    ...(message.reply_markup && { keyboard: message.reply_markup }),
    ...(message.link_preview_options && { preview: message.link_preview_options }),
    ...(message.show_caption_above_media === true && { captionAbove: true }),
  }
}

export const readOriginal = (json: string): Original => originalSchema.parse(JSON.parse(json))

export interface Appended {
  readonly text: string
  readonly entities: MessageEntity[]
}

/**
 * The author's part letter for letter, our mark, a label, the summary in a quote that folds, and a note. Undefined when
 * even the first paragraph of the summary does not fit.
 */
export function append(
  original: Original,
  { label, summary, note }: { label: string; summary: string; note: string },
): Appended | undefined {
  const whole = summary.trim()
  const first = whole.split(/\n\s*\n/)[0] ?? ''
  for (const body of first === whole ? [whole] : [whole, first]) {
    const head = `${original.text}${MARK}`
    const text = `${head}${label}\n${body}\n${note}`
    if (text.length > maxUnits[original.kind]) continue
    const at = head.length + label.length + 1
    return {
      text,
      entities: [
        ...original.entities,
        { type: 'bold', offset: head.length, length: label.length },
        { type: 'expandable_blockquote', offset: at, length: body.length },
        { type: 'italic', offset: at + body.length + 1, length: note.length },
      ],
    }
  }
  return undefined
}
