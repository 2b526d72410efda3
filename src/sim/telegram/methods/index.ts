/** @module Every Bot API method the simulator knows, by its name in lower case. Anything else is 404. */
import type { Method } from './call.ts'
import { chatMethods } from './chats.ts'
import { draftMethods } from './drafts.ts'
import { editingMethods } from './editing.ts'
import { inlineMethods } from './inline.ts'
import { profileMethods } from './profile.ts'
import { queryMethods } from './queries.ts'
import { sendingMethods } from './sending.ts'
import { starMethods } from './stars.ts'

const methods: Readonly<Record<string, Method>> = {
  ...profileMethods,
  ...queryMethods,
  ...sendingMethods,
  ...editingMethods,
  ...draftMethods,
  ...chatMethods,
  ...inlineMethods,
  ...starMethods,
}

export const methodOf = (name: string): Method | undefined =>
  Object.hasOwn(methods, name) ? methods[name] : undefined

export const methodNames = (): string[] => Object.keys(methods)
