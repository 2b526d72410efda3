/** @module The kernel's configfs-tsm as its documentation and driver describe it, behind the four operations of a source. */
import { basename, dirname } from 'node:path'
import type { TsmFiles } from '../../src/tee/sources/configfs-tsm.ts'

interface Item {
  inblob: Uint8Array | undefined
  generation: number
}

const INBLOB_BYTES = 64
const attributes = ['outblob', 'auxblob', 'provider', 'generation', 'privlevel_floor']

/** `quoteOf` answers for the hardware. Hooks run before the operation they are named after. */
export class FakeTsm implements TsmFiles {
  readonly root = '/sys/kernel/config/tsm/report'
  /** Undefined: a kernel without the attribute. */
  auxblob: Uint8Array | undefined = new Uint8Array()
  provider = 'tdx_guest'
  quoteOf: (inblob: Uint8Array) => Uint8Array
  beforeRead: (attribute: string, folder: string) => Promise<void> | void = () => undefined
  beforeMkdir: () => Promise<void> | void = () => undefined
  /** Every path written or made, in order. */
  readonly log: string[] = []
  readonly #items = new Map<string, Item>()
  readonly #isThere: boolean

  constructor(quoteOf: (inblob: Uint8Array) => Uint8Array, isThere = true) {
    this.quoteOf = quoteOf
    this.#isThere = isThere
  }

  get folders(): number {
    return this.#items.size
  }

  mkdir = async (path: string): Promise<void> => {
    await this.beforeMkdir()
    if (!this.#isThere || dirname(path) !== this.root) throw systemError('ENOENT')
    if (this.#items.has(path)) throw systemError('EEXIST')
    this.#items.set(path, { inblob: undefined, generation: 0 })
    this.log.push(`mkdir ${basename(path)}`)
  }

  rmdir = async (path: string): Promise<void> => {
    if (!this.#items.delete(path)) throw systemError('ENOENT')
  }

  write = async (path: string, bytes: Uint8Array): Promise<void> => {
    const item = this.#itemOf(path)
    if (!['inblob', 'privlevel'].includes(basename(path))) throw systemError('EACCES')
    if (basename(path) === 'inblob') {
      if (bytes.length > INBLOB_BYTES) throw systemError('EFBIG')
      item.inblob = Uint8Array.from(bytes)
    }
    item.generation += 1
    this.log.push(`write ${basename(path)}`)
  }

  read = async (path: string): Promise<Uint8Array> => {
    const name = basename(path)
    this.#itemOf(path)
    await this.beforeRead(name, dirname(path))
    const item = this.#itemOf(path)
    if (name === 'inblob' || name === 'privlevel') throw systemError('EACCES')
    if (!attributes.includes(name)) throw systemError('ENOENT')
    switch (name) {
      case 'outblob':
        if (item.inblob?.length !== INBLOB_BYTES) throw systemError('EINVAL')
        return this.quoteOf(item.inblob)
      case 'auxblob':
        if (!this.auxblob) throw systemError('ENOENT')
        return this.auxblob
      case 'provider':
        return Buffer.from(`${this.provider}\n`)
      default:
        return Buffer.from(`${item.generation}\n`)
    }
  }

  #itemOf(path: string): Item {
    const item = this.#items.get(dirname(path))
    if (!item) throw systemError('ENOENT')
    return item
  }
}

export const systemError = (code: string): Error => Object.assign(new Error(code), { code })
