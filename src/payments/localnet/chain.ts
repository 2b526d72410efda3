/** @module A chain of one machine: messages wait for the next block, each block moves them one hop, and blocks come every 400 ms or by hand. */
import { Address, beginCell, Cell, loadMessage, loadTransaction, storeMessage } from '@ton/core'
import { AppError } from '../../core/app-error.ts'
import type { Clock } from '../../core/clock.ts'
import { describe } from '../../core/describe.ts'
import type { Log } from '../../core/log.ts'
import { rawMessages } from '../chain/raw-messages.ts'
import { type Journal, noJournal } from './journal.ts'
import { type Block, ChainState, type Pending, rawOf, type TxRecord } from './state.ts'
import { type Answer, type Ask, type Ran, type Vm } from './vm.ts'

/** As on the real chain since April 2026. */
const blockMs = 400
/** Room between two transactions for the messages that one makes. */
const ltStep = 1_000_000n
/** A message that causes messages without end stops filling blocks by hand here. */
const maxBlocksToIdle = 1000

export interface ChainSetup {
  readonly vm: Vm
  readonly clock: Clock
  readonly log: Log
  /** The whole config, base64 BoC. */
  readonly config: string
  /** `auto`: by the clock, chain time follows it; `manual`: `mine` alone makes blocks and time. */
  readonly blocks: 'auto' | 'manual'
  readonly journal?: Journal
  /** Blocks of a former process, and how far its chain time was ahead of the clock. */
  readonly past?: { readonly blocks: readonly Block[]; readonly offsetMs: number }
}

export interface Saved {
  readonly blocks: readonly Block[]
  readonly config: string
}

export class LocalChain {
  readonly #setup: ChainSetup
  readonly #journal: Journal
  #config: string
  #state: ChainState
  #offsetMs: number
  /** One change after the other. */
  #turn: Promise<unknown> = Promise.resolve()
  readonly #stop: () => void

  constructor(setup: ChainSetup) {
    const { clock, past, blocks } = setup
    this.#setup = setup
    this.#journal = setup.journal ?? noJournal
    this.#config = setup.config
    this.#offsetMs = past?.offsetMs ?? 0
    this.#state = stateOf(past?.blocks ?? [], clock.now())
    if (past && blocks === 'auto') this.#catchUp()
    let isBusy = false
    const tick = (): void => {
      if (isBusy) return
      isBusy = true
      this.#inTurn(() => this.#block())
        .catch((error: unknown) => setup.log.failure('localnet.block-failed', describe(error)))
        .finally(() => {
          isBusy = false
        })
    }
    this.#stop = blocks === 'auto' ? clock.every(blockMs, tick) : () => {}
  }

  get config(): string {
    return this.#config
  }
  get accounts(): readonly string[] {
    return this.#state.accounts
  }
  /** Messages on their way: sent and not yet in a block, or between two accounts. */
  get waiting(): number {
    return this.#state.pending.length
  }

  /** `ms`: chain time of the newest block, as a node sees it that is `lag` blocks behind (at most 256). */
  head(lag = 0): { readonly seqno: number; readonly ms: number } {
    return this.#state.head(lag)
  }
  /** ShardAccount as base64 BoC; undefined for an account that never was. */
  account(address: Address, lag = 0): string | undefined {
    return this.#state.account(rawOf(address), this.head(lag).seqno)
  }
  /** Ascending by lt. */
  history(address: Address, lag = 0): readonly TxRecord[] {
    return this.#state.history(rawOf(address), this.head(lag).seqno)
  }
  /** Chain time of a block that is remembered; of an older one, that of the oldest remembered. */
  timeOf(seqno: number): number {
    return this.#state.head(Math.max(0, this.head().seqno - seqno)).ms
  }
  transactionsIn(seqno: number): readonly TxRecord[] {
    return this.#state.block(seqno)
  }
  newest(count: number): readonly TxRecord[] {
    return this.#state.newest(count)
  }

  async ask(ask: Pick<Ask, 'at' | 'method' | 'stack'>, lag = 0): Promise<Answer> {
    const account = this.account(ask.at, lag)
    if (account === undefined) return { exit: -13, gasUsed: 0, stack: [] }
    return this.#setup.vm.ask({
      ...ask,
      account,
      config: this.#config,
      utime: seconds(this.#now()),
    })
  }

  /** What would become of an external message now; nothing is kept. */
  async tryOut(message: Cell, ignoreSignature = false): Promise<Ran> {
    const to = destination(message)
    const account = this.account(to)
    const lt = this.#state.lt + ltStep
    const utime = seconds(this.#now())
    const { vm } = this.#setup
    return vm.run({ account, to, message, utime, lt, config: this.#config, ignoreSignature })
  }

  /** Puts a message into the next block, or one `afterBlocks` later. Kept over a restart. */
  async submit(message: Cell, afterBlocks = 0): Promise<void> {
    const boc = message.toBoc().toString('base64')
    await this.#inTurn(async () => {
      this.#state.wait([{ boc, notBefore: this.head().seqno + 1 + afterBlocks }])
      await this.#keep({ ...this.#empty(), pending: this.#state.pending })
    })
  }

  /** Coins out of nothing, in the next block. Works for accounts that do not exist yet. `body`: e.g. a comment. */
  faucet(to: Address, amountNano: bigint, body: Cell = Cell.EMPTY): Promise<void> {
    const info = {
      type: 'internal',
      ihrDisabled: true,
      bounce: false,
      bounced: false,
      src: faucetAddress,
      dest: to,
      value: { coins: amountNano },
      ihrFee: 0n,
      forwardFee: 0n,
      createdLt: 0n,
      createdAt: seconds(this.#now()),
    } as const
    return this.submit(beginCell().store(storeMessage({ info, body })).endCell())
  }

  /** Makes blocks at once, whatever the clock says. By hand, each takes 400 ms of chain time. */
  async mine(blocks = 1): Promise<void> {
    for (let made = 0; made < blocks; made++) await this.#inTurn(() => this.#block())
  }

  /** Blocks until no message is on its way, those that wait for a later block included. */
  async mineUntilIdle(): Promise<void> {
    for (let made = 0; this.waiting > 0 && made < maxBlocksToIdle; made++) await this.mine()
  }

  /** Lets chain time pass, with one block at its end. */
  async advance(ms: number): Promise<void> {
    await this.#inTurn(async () => {
      this.#offsetMs += ms
      await this.#block(ms)
      await this.#keep({ ...this.#empty(), pending: this.#state.pending })
    })
  }

  /** From the next block on. */
  async setConfig(config: string): Promise<void> {
    await this.#inTurn(async () => {
      this.#config = config
      await this.#keep({ ...this.#empty(), pending: this.#state.pending }, config)
    })
  }

  save(): Promise<Saved> {
    return this.#inTurn(async () => ({ blocks: this.#state.toBlocks(), config: this.#config }))
  }

  /** The chain as it was saved, as if nothing had happened since; with blocks by hand, its time as well. */
  async restore(saved: Saved): Promise<void> {
    await this.#inTurn(async () => {
      const state = stateOf(saved.blocks, this.#now())
      const { config } = saved
      const offsetMs = this.#offsetMs
      const entries = saved.blocks.map((block) => ({ block, offsetMs }))
      await this.#journal.replace([{ block: this.#empty(), offsetMs, config }, ...entries])
      this.#state = state
      this.#config = config
      if (this.#setup.blocks === 'auto') this.#catchUp()
    })
  }

  /** Writes the file anew, without what later blocks replaced. */
  async compact(): Promise<void> {
    await this.restore(await this.save())
  }

  async close(): Promise<void> {
    this.#stop()
    await this.#inTurn(() => this.#journal.close())
  }

  async #block(passedMs?: number): Promise<void> {
    const before = this.head()
    const byHand = before.ms + (passedMs ?? blockMs)
    const ms = this.#setup.blocks === 'manual' ? byHand : Math.max(before.ms, this.#now())
    const seqno = before.seqno + 1
    const due = this.#state.pending.filter((it) => it.notBefore <= seqno)
    if (due.length === 0) {
      this.#state.tick({ seqno, ms })
      return
    }
    const later = this.#state.pending.filter((it) => it.notBefore > seqno)
    const block = await this.#run(due, { seqno, ms, pending: later })
    await this.#keep(block)
    this.#state.apply(block)
  }

  async #run(
    due: readonly Pending[],
    { seqno, ms, pending }: Pick<Block, 'seqno' | 'ms' | 'pending'>,
  ): Promise<Block> {
    const { vm } = this.#setup
    const config = this.#config
    const accounts = new Map<string, string>()
    const transactions: string[] = []
    const onward: Pending[] = []
    let { lt } = this.#state
    for (const { boc } of due) {
      const message = Cell.fromBase64(boc)
      const to = destination(message)
      const raw = rawOf(to)
      const account = accounts.get(raw) ?? this.#state.account(raw, seqno)
      lt += ltStep
      const ran = await vm.run({ account, to, message, utime: seconds(ms), lt, config })
      // Nobody took it: as on the real chain, it is gone without a trace.
      if (!ran.done) continue
      accounts.set(raw, ran.account)
      transactions.push(ran.transaction)
      for (const out of internalMessages(ran.transaction))
        onward.push({ boc: out.toBoc().toString('base64'), notBefore: seqno + 1 })
    }
    return { seqno, ms, lt, transactions, accounts, pending: [...pending, ...onward] }
  }

  #keep(block: Block, config?: string): Promise<void> {
    const offsetMs = this.#offsetMs
    return this.#journal.append({ block, offsetMs, ...(config !== undefined && { config }) })
  }

  #empty(): Block {
    const { seqno, ms } = this.head()
    return { seqno, ms, lt: this.#state.lt, transactions: [], accounts: new Map(), pending: [] }
  }

  /** Time never goes back, and blocks were made while nobody looked. */
  #catchUp(): void {
    const { seqno, ms } = this.head()
    const now = this.#setup.clock.now()
    this.#offsetMs = Math.max(this.#offsetMs, ms - now)
    const at = now + this.#offsetMs
    this.#state.tick({ seqno: seqno + Math.max(1, Math.floor((at - ms) / blockMs)), ms: at })
  }

  #now(): number {
    const { blocks, clock } = this.#setup
    return blocks === 'manual' ? this.head().ms : clock.now() + this.#offsetMs
  }

  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(change)
    this.#turn = done.catch(() => undefined)
    return done
  }
}

function stateOf(blocks: readonly Block[], nowMs: number): ChainState {
  const [first] = blocks
  const state = new ChainState({ seqno: first?.seqno ?? 1, ms: first?.ms ?? nowMs })
  for (const block of blocks) state.apply(block)
  return state
}

const seconds = (ms: number): number => Math.floor(ms / 1000)

/** The account a message goes to. Throws `input.invalid` for a message that leaves the chain. */
export function destination(message: Cell): Address {
  const { info } = loadMessage(message.beginParse())
  if (info.type === 'external-out') throw new AppError('input.invalid')
  return info.dest
}

function internalMessages(transaction: string): Cell[] {
  const cell = Cell.fromBase64(transaction)
  const parsed = loadTransaction(cell.beginParse())
  const kinds = parsed.outMessages.values()
  return rawMessages(cell).out.filter((_, index) => kinds[index]?.info.type === 'internal')
}

/** `0:00…00`: an account that nobody has a key for. */
const faucetAddress = new Address(0, Buffer.alloc(32))
