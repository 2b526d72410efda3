/** @module Where open dialogues stand between two messages: sealed, since their state repeats the messages in clear. */
import type {
  ConversationData,
  ConversationKeyStorage,
  VersionedState,
} from '@grammyjs/conversations'
import { Plaintext } from '../../core/plaintext.ts'
import type { Ctx } from '../context.ts'
import type { Vault } from '../vault-port.ts'
import type { DialogueStore } from './store.ts'

/** Raised when a dialogue's steps change: what was begun under another version is dropped. */
const version = 1

/** A state whose key is gone, or of another version, counts as absent. */
export function dialogueStorage(deps: {
  store: DialogueStore
  vault: Vault
}): ConversationKeyStorage<Ctx, ConversationData> {
  const { store, vault } = deps
  return {
    type: 'key',
    version,
    getStorageKey: (ctx) => (ctx.chatId === undefined ? undefined : String(ctx.chatId)),
    adapter: {
      read: async (key) => {
        const sealed = await store.read(Number(key))
        return sealed && openState(vault, key, sealed)
      },
      write: async (key, state) => {
        const content = Plaintext.of(JSON.stringify(state))
        await store.write(Number(key), vault.seal('dialogue', key, content))
      },
      delete: async (key) => {
        await store.delete(Number(key))
      },
    },
  }
}

function openState(
  vault: Vault,
  key: string,
  sealed: Uint8Array,
): VersionedState<ConversationData> | undefined {
  try {
    const text = new TextDecoder().decode(vault.open('dialogue', key, sealed).reveal())
    const state: unknown = JSON.parse(text)
    return isState(state) ? state : undefined
  } catch {
    return undefined
  }
}

/** Sealed by ourselves, so the outer shape is proof enough. */
const isState = (value: unknown): value is VersionedState<ConversationData> =>
  typeof value === 'object' && value !== null && 'version' in value && 'state' in value
