/** @module Files of the world: stored once, named by file ids, and described as the media objects of messages. */
import { randomBytes } from 'node:crypto'
import type { PhotoSize } from '@grammyjs/types'
import type { Content } from './messages.ts'
import type { Upload } from './multipart.ts'
import { badRequest } from './refusal.ts'
import type { Sim } from './sim.ts'
import { durationOf } from './sound.ts'
import type { StoredFile } from './world.ts'

export const mediaKinds = ['voice', 'audio', 'video_note', 'video', 'document', 'photo'] as const
export type MediaKind = (typeof mediaKinds)[number]

/** The cloud server hands out files up to 20 MB; a link is valid for an hour. */
const maxDownloadBytes = 20 * 1024 * 1024
const linkMs = 3_600_000

export interface NewFile {
  readonly kind: MediaKind
  readonly name: string
  readonly type: string
  readonly bytes: Uint8Array
  /** Says the file is bigger than it is, to try limits without the bytes. */
  readonly pretendedSize?: number | undefined
}

const defaultTypes: Readonly<Record<MediaKind, string>> = {
  voice: 'audio/ogg',
  audio: 'audio/mpeg',
  video_note: 'video/mp4',
  video: 'video/mp4',
  document: 'application/octet-stream',
  photo: 'image/jpeg',
}

const folders: Readonly<Record<MediaKind, string>> = {
  voice: 'voice',
  audio: 'music',
  video_note: 'video_notes',
  video: 'videos',
  document: 'documents',
  photo: 'photos',
}

export function storeFile(sim: Sim, it: NewFile): StoredFile {
  const serial = sim.world.nextSerial
  sim.world.nextSerial += 1
  const ending = /\.[A-Za-z0-9]{1,8}$/.exec(it.name)?.[0] ?? (it.kind === 'voice' ? '.oga' : '')
  const file: StoredFile = {
    id: `F${serial}-${randomBytes(18).toString('base64url')}`,
    uniqueId: `AQ${randomBytes(9).toString('base64url')}`,
    path: `${folders[it.kind]}/file_${serial}${ending}`,
    name: it.name,
    type:
      it.type === '' || it.type === 'application/octet-stream' ? defaultTypes[it.kind] : it.type,
    bytes: it.bytes,
    size: it.pretendedSize ?? it.bytes.length,
    linkUntil: 0,
  }
  sim.world.files.set(file.id, file)
  return file
}

/** Opens the download link of a file. Throws 400 for an unknown id and for more than 20 MB. */
export function openLink(sim: Sim, fileId: string): StoredFile {
  const file = sim.world.files.get(fileId)
  if (file === undefined) throw badRequest('wrong file_id or the file is temporarily unavailable')
  if (file.size > maxDownloadBytes) throw badRequest('file is too big')
  file.linkUntil = sim.now() + linkMs
  return file
}

/** The file behind an open link; `undefined` when the path is unknown or the hour is over. */
export function fileByPath(sim: Sim, path: string): StoredFile | undefined {
  for (const file of sim.world.files.values()) {
    if (file.path === path) return file.linkUntil > sim.now() ? file : undefined
  }
  return undefined
}

export interface MediaFacts {
  readonly duration?: number | undefined
  readonly length?: number | undefined
  readonly title?: string | undefined
  readonly performer?: string | undefined
}

/** The part of a message that carries a file. */
export function mediaContent(kind: MediaKind, file: StoredFile, facts: MediaFacts): Content {
  const base = { file_id: file.id, file_unique_id: file.uniqueId, file_size: file.size }
  const duration = facts.duration ?? durationOf(file.bytes) ?? 1
  const typed = { ...base, mime_type: file.type }
  const named = { ...typed, file_name: file.name }
  switch (kind) {
    case 'voice':
      return { voice: { ...typed, duration } }
    case 'audio': {
      const { title, performer } = facts
      const words = {
        ...(title !== undefined && { title }),
        ...(performer !== undefined && { performer }),
      }
      return { audio: { ...named, duration, ...words } }
    }
    case 'video_note':
      return { video_note: { ...base, duration, length: facts.length ?? 240 } }
    case 'video':
      return { video: { ...named, duration, width: 640, height: 360 } }
    case 'document':
      return { document: named }
    case 'photo': {
      const size: PhotoSize = { ...base, width: 800, height: 600 }
      return { photo: [size] }
    }
  }
}

/** Finds the file a send method names: its own part, an `attach://` part, or a known file id. Throws 400. */
export function fileParameter(
  sim: Sim,
  kind: MediaKind,
  it: { value: string | undefined; files: Map<string, Upload> },
): StoredFile {
  const { value, files } = it
  const attached =
    value?.startsWith('attach://') === true ? value.slice('attach://'.length) : undefined
  const upload = files.get(attached ?? kind)
  if (upload !== undefined) {
    if (upload.bytes.length === 0) throw badRequest('file must be non-empty')
    const { fileName: name, type, bytes } = upload
    return storeFile(sim, { kind, name: name === '' ? 'file' : name, type, bytes })
  }
  if (attached !== undefined) throw badRequest(`attached file part is missing`)
  if (value === undefined || value === '') {
    throw badRequest(`there is no ${kind.replace('_', ' ')} in the request`)
  }
  if (/^https?:/i.test(value)) throw badRequest('failed to get HTTP URL content')
  const known = sim.world.files.get(value)
  if (known === undefined) {
    throw badRequest('wrong file identifier/HTTP URL specified')
  }
  return known
}

/** File ids a message carries, with the names they are shown under. */
export function filesOf(content: Content): { readonly id: string; readonly name: string }[] {
  const found: { id: string; name: string }[] = []
  const add = (it: { file_id: string; file_name?: string } | undefined, name: string): void => {
    if (it !== undefined) found.push({ id: it.file_id, name: it.file_name ?? name })
  }
  add(content.document, 'file')
  add(content.voice, 'voice.ogg')
  add(content.audio, 'audio.mp3')
  add(content.video, 'video.mp4')
  add(content.video_note, 'video-note.mp4')
  add(content.photo?.at(-1), 'photo.jpg')
  return found
}
