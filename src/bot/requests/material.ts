/** @module The text of whatever was sent: a message, a document, a page; and the language it is in. */
import { AppError } from '../../core/app-error.ts'
import { describe } from '../../core/describe.ts'
import type { Services } from '../context.ts'
import { detectLanguage } from '../reading/language.ts'
import type { Reader } from '../reading/read.ts'
import { checkFileSize } from './accept.ts'
import type { Asker } from './asker.ts'
import type { Incoming } from './incoming.ts'
import { routeOf } from './routing.ts'

/** Text of any material, and what is known about it. */
export interface Material {
  readonly text: string
  readonly title?: string
  readonly language?: string
}

/** Languages to expect: the person's own, then those they read. */
export const priorsOf = ({ settings, languageCode }: Asker): string[] => [
  ...new Set([...(languageCode ? [languageCode.slice(0, 2)] : []), ...settings.reads]),
]

/** Undefined where the text does not tell. */
export async function detect(asker: Asker, text: string): Promise<string | undefined> {
  const detected = await detectLanguage(text, priorsOf(asker))
  return detected === 'undecided' ? undefined : detected.language
}

export interface Materials {
  /** The text of a message, document or page; may take seconds. Throws `AppError` for what holds none. */
  read(asker: Asker, incoming: Incoming): Promise<Material>
  /** Downloads and page loads show that something happens; the place may take no typing (channels). */
  showTyping(asker: Asker): void
}

export function createMaterials({
  api,
  files,
  reader,
  log,
}: Pick<Services, 'api' | 'files' | 'log'> & { readonly reader: Reader }): Materials {
  const showTyping = ({ place }: Asker): void => {
    if (place.kind !== 'private' && place.kind !== 'group') return
    api
      .sendChatAction(place.chatId, 'typing')
      .catch((error: unknown) => log.failure('typing.failed', describe(error)))
  }

  async function read(asker: Asker, incoming: Incoming): Promise<Material> {
    const route = routeOf(incoming)
    switch (route.kind) {
      case 'text':
        return { text: route.text }
      case 'document': {
        checkFileSize(route.body.file.bytes)
        showTyping(asker)
        const bytes = await files.read(route.body.file)
        const { fileName, mimeType } = route.body
        return reader.readDocument(bytes, { fileName, mimeType })
      }
      case 'page':
        showTyping(asker)
        return reader.readLink(route.link)
      case 'telegram-link':
        throw new AppError('page.refused')
      case 'sound':
      case 'nothing':
        throw new AppError('input.invalid')
    }
  }

  return { read, showTyping }
}
