/** @module One message as the bot understands it: words, sound, a document or links. Pure; trusts nothing but Telegram's types. */
import type { Message, MessageEntity } from 'grammy/types'
import { flattenRich } from '../replies/rich-text.ts'

export interface FileRef {
  readonly fileId: string
  /** As told by Telegram before the download; absent when unknown. */
  readonly bytes?: number
}

export type Body =
  | { readonly kind: 'text' }
  | { readonly kind: 'sound'; readonly file: FileRef; readonly seconds?: number }
  | {
      readonly kind: 'document'
      readonly file: FileRef
      /** As the sender's device named it: decides how it is read, never logged or kept. */
      readonly fileName?: string
      readonly mimeType?: string
    }
  /** Stickers, polls, contacts, pictures without a caption, unknown files. */
  | { readonly kind: 'other' }

export interface Incoming {
  readonly messageId: number
  /** Text, caption or the flattened text of a rich message; empty when there is none. */
  readonly text: string
  readonly links: readonly string[]
  readonly body: Body
  readonly forwarded: boolean
}

/** Reads one message. Never throws: what it does not know becomes `other`. */
export function readMessage(message: Message): Incoming {
  const rich = message.rich_message ? flattenRich(message.rich_message.blocks) : undefined
  const text = message.text ?? message.caption ?? rich?.text ?? ''
  const entities = message.entities ?? message.caption_entities ?? []
  const sound = soundOf(message)
  return {
    messageId: message.message_id,
    text,
    links: rich ? rich.links : linksOf(text, entities),
    body: sound ?? documentOf(message) ?? { kind: text.trim() === '' ? 'other' : 'text' },
    forwarded: message.forward_origin !== undefined,
  }
}

/** True when the message is links with at most five other words around a single one. */
export function isOnlyLinks({ text, links }: Pick<Incoming, 'text' | 'links'>): boolean {
  if (links.length === 0) return false
  const rest = links.reduce((words, link) => words.replace(link, ' '), text)
  const words = rest.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word))
  return links.length === 1 ? words.length <= 5 : words.length === 0
}

function linksOf(text: string, entities: readonly MessageEntity[]): string[] {
  const links: string[] = []
  for (const entity of entities) {
    if (entity.type === 'url') links.push(text.slice(entity.offset, entity.offset + entity.length))
    else if (entity.type === 'text_link') links.push(entity.url)
  }
  return [...new Set(links)]
}

function soundOf(message: Message): Body | undefined {
  const medium = message.voice ?? message.video_note ?? message.audio ?? message.video
  if (medium) {
    return { kind: 'sound', file: refOf(medium), seconds: medium.duration }
  }
  const file = message.document
  if (file && /^(audio|video)\//.test(file.mime_type ?? '') && !message.animation)
    return { kind: 'sound', file: refOf(file) }
  return undefined
}

const readable = [
  /^application\/(x-)?pdf$|\.pdf$/i,
  /^application\/vnd\.openxmlformats-officedocument\.wordprocessingml\.|\.docx$/i,
  /^(text\/html|application\/xhtml\+xml)$|\.x?html?$/i,
  /^(text\/(plain|markdown|x-markdown|vtt)|application\/x-subrip)$|\.(txt|text|md|markdown|log|srt|vtt)$/i,
]

function documentOf(message: Message): Body | undefined {
  const file = message.document
  if (!file || message.animation) return undefined
  const { mime_type: mimeType, file_name: fileName } = file
  const isReadable = readable.some((kind) => kind.test(mimeType ?? '') || kind.test(fileName ?? ''))
  if (!isReadable) return { kind: 'other' }
  return {
    kind: 'document',
    file: refOf(file),
    ...(fileName !== undefined && { fileName }),
    ...(mimeType !== undefined && { mimeType }),
  }
}

const refOf = (file: { file_id: string; file_size?: number }): FileRef => ({
  fileId: file.file_id,
  ...(file.file_size !== undefined && { bytes: file.file_size }),
})
