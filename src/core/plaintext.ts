/** @module Wrappers that keep content and secrets out of logs, JSON and string templates by construction. */

const inspectHook = Symbol.for('nodejs.util.inspect.custom')

/**
 * A user's content (prompt, transcript, answer, file) while it is in memory.
 * Printing it gives `[plaintext]`; JSON refuses it, so BullMQ cannot take it by accident.
 * Not protected: `structuredClone` and child-process messages turn it into `{}` without an error, so
 * bytes are revealed at that edge. The files that call `reveal()` are an explicit list in a unit test.
 */
export class Plaintext {
  readonly #bytes: Uint8Array

  private constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** Takes ownership of `bytes`: `wipe()` will overwrite them. A string is encoded as UTF-8. */
  static of(content: Uint8Array | string): Plaintext {
    return new Plaintext(typeof content === 'string' ? new TextEncoder().encode(content) : content)
  }

  /** The content itself, not a copy. Use in the narrowest scope. */
  reveal(): Uint8Array {
    return this.#bytes
  }

  /** Length in bytes. */
  get size(): number {
    return this.#bytes.length
  }

  /** Overwrites the bytes with zeros; copies made by the runtime are out of reach. */
  wipe(): void {
    this.#bytes.fill(0)
  }

  toString(): string {
    return '[plaintext]'
  }

  toJSON(): never {
    throw new TypeError('plaintext is never serialised')
  }

  [inspectHook](): string {
    return '[plaintext]'
  }
}

/** A setting that must not be shown (token, password, key); prints `[secret]`. */
export class Secret {
  readonly #value: string

  private constructor(value: string) {
    this.#value = value
  }

  static of(value: string): Secret {
    return new Secret(value)
  }

  reveal(): string {
    return this.#value
  }

  toString(): string {
    return '[secret]'
  }

  toJSON(): string {
    return '[secret]'
  }

  [inspectHook](): string {
    return '[secret]'
  }
}
