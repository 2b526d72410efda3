/** @module What the bot needs to keep content for a while: sealing under keys it never sees. */
import type { Plaintext } from '../core/plaintext.ts'

export interface Vault {
  seal(what: 'inbox' | 'dialogue', id: string, content: Plaintext): Uint8Array
  /** Throws `release.key-gone` after about a day. */
  open(what: 'inbox' | 'dialogue', id: string, sealed: Uint8Array): Plaintext
}
