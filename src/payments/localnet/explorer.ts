/** @module What the explorer page shows, as JSON: the newest transactions, the accounts, and what our contracts have in their storage. */
import { Address, type Cell } from '@ton/core'
import { WalletContractV4, WalletContractV5R1 } from '@ton/ton'
import { showCoin } from '../../core/coin.ts'
import { contractCode } from '../contracts/code.ts'
import { readRegistryData } from '../contracts/registry.ts'
import { readVaultData } from '../contracts/vault-reading.ts'
import type { LocalChain } from './chain.ts'
import { type ShownTx, shownTx } from './explorer-words.ts'
import type { TxRecord } from './state.ts'
import { unpackAccount } from './vm.ts'

type Kind = 'vault' | 'registry' | 'wallet' | 'account'

interface ShownAccount {
  readonly address: string
  readonly friendly: string
  readonly kind: Kind
  readonly state: string
  readonly balance: string
}

/** What a contract's storage says, in lines; `paid` and the like are tables. */
interface Details {
  readonly facts: readonly (readonly [string, string])[]
  readonly tables: readonly {
    readonly name: string
    readonly more: number
    readonly rows: readonly (readonly [string, string])[]
  }[]
}

interface Seen {
  /** The packed account this was read from. */
  readonly packed: string
  readonly shown: ShownAccount
  readonly details: Details | undefined
}

const newestTransactions = 40
const newestAccounts = 60
const longestTable = 100
/** How far back a vault's batches are looked for. */
const historyForBatches = 200
/** Messages of one transaction that the list shows; its account's page shows all. */
const messagesInList = 4
const nothing: Details = { facts: [], tables: [] }

export function createExplorer(chain: LocalChain, globalId: number) {
  /** Made at the first look: a start does not wait for it. */
  let codes: ReadonlyMap<string, Kind> | undefined
  const seen = new Map<string, Seen>()
  const shown = new WeakMap<TxRecord, ShownTx>()

  const txOf = (record: TxRecord): ShownTx => {
    const known = shown.get(record) ?? shownTx(record)
    shown.set(record, known)
    return known
  }
  const accountOf = (raw: string): Seen | undefined => {
    const address = Address.parseRaw(raw)
    const packed = chain.account(address)
    const known = seen.get(raw)
    if (packed === undefined || known?.packed === packed) return known
    codes ??= knownCodes()
    const now = look(address, { packed, codes })
    seen.set(raw, now)
    return now
  }
  const withCounts = ({ shown: account }: Seen) => {
    const history = chain.history(Address.parseRaw(account.address))
    return { ...account, transactions: history.length, lastAt: history.at(-1)?.utime ?? 0 }
  }

  /** With a vault's last batches, which are in its history and not in its storage. */
  const fullDetails = ({ details = nothing, shown: { kind, address } }: Seen): Details => {
    if (kind !== 'vault') return details
    const newest = chain.history(Address.parseRaw(address)).slice(-historyForBatches).toReversed()
    const batches = newest.flatMap((record) => {
      const { batch, at } = txOf(record)
      if (!batch) return []
      const [number, payouts, paid] = batch
      return [
        [
          `${timeOf(at)} · batch ${number}`,
          `${paid} to ${String(payouts)} ${payouts === 1 ? 'payee' : 'payees'}`,
        ] as const,
      ]
    })
    return { ...details, tables: [table('Last batches', batches.slice(0, 10)), ...details.tables] }
  }

  return {
    overview: () => {
      const head = chain.head()
      const records = chain.newest(newestTransactions)
      const all = chain.accounts.flatMap((raw) => accountOf(raw) ?? [])
      const accounts = all.map(withCounts).toSorted((a, b) => b.lastAt - a.lastAt)
      return {
        globalId,
        block: head.seqno,
        at: Math.floor(head.ms / 1000),
        waiting: chain.waiting,
        contracts: all.flatMap((it) =>
          it.details ? [{ ...withCounts(it), ...fullDetails(it) }] : [],
        ),
        transactions: records.map((record) => {
          const tx = txOf(record)
          const out = tx.out.slice(0, messagesInList)
          return { ...tx, out, more: tx.out.length - out.length }
        }),
        accounts: accounts.slice(0, newestAccounts),
        moreAccounts: Math.max(0, accounts.length - newestAccounts),
      }
    },
    /** Undefined for an address that does not read. */
    account: (text: string) => {
      const address = parsedAddress(text)
      if (!address) return undefined
      const known = accountOf(address.toRawString())
      const history = chain.history(address).slice(-longestTable).toReversed()
      return {
        ...(known ? withCounts(known) : { ...empty(address), transactions: 0, lastAt: 0 }),
        ...(known ? fullDetails(known) : nothing),
        history: history.map(txOf),
      }
    },
  }
}

function look(
  address: Address,
  { packed, codes }: { readonly packed: string; readonly codes: ReadonlyMap<string, Kind> },
): Seen {
  const account = unpackAccount(packed)
  const state = account?.storage.state
  const held = state?.type === 'active' ? state.state : undefined
  const kind = codes.get(held?.code?.hash().toString('hex') ?? '') ?? 'account'
  const shown: ShownAccount = {
    ...empty(address),
    kind,
    state: state?.type ?? 'none',
    balance: showCoin(account?.storage.balance.coins ?? 0n),
  }
  return { packed, shown, details: held?.data ? read(kind, held.data) : undefined }
}

const empty = (address: Address): ShownAccount => ({
  address: address.toRawString(),
  friendly: address.toString({ bounceable: false, testOnly: true }),
  kind: 'account',
  state: 'none',
  balance: showCoin(0n),
})

function read(kind: Kind, data: Cell): Details | undefined {
  try {
    if (kind === 'vault') return vaultDetails(data)
    if (kind === 'registry') return registryDetails(data)
    return undefined
  } catch {
    // Storage of another version: the account is still shown.
    return nothing
  }
}

const timeOf = (utime: number): string =>
  utime === 0 ? '–' : `${new Date(utime * 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`

function vaultDetails(data: Cell): Details {
  const vault = readVaultData(data)
  const { caps, keys, commit } = vault
  const paid = [...vault.paid].toSorted(([, a], [, b]) => (a < b ? 1 : -1))
  const pending = [...vault.pending].map(
    ([kind, it]) => [kind, `unlocks ${timeOf(it.unlockAt)}`] as const,
  )
  const commitment =
    commit.epoch === 0
      ? 'none yet'
      : `epoch ${String(commit.epoch)}: ${showCoin(commit.total)}, ${timeOf(commit.at)}`
  return {
    facts: [
      ['Paid in all', showCoin(vault.totalPaid)],
      ['Payees', String(vault.payees)],
      ['Paused until', timeOf(vault.pausedUntil)],
      ['Cap of a batch', showCoin(caps.batchCap)],
      ['Settled in this window', `${showCoin(vault.windowSpent)} of ${showCoin(caps.dayCap)}`],
      ['Claimed in this window', `${showCoin(vault.claimSpent)} of ${showCoin(caps.claimDayCap)}`],
      ['Settlement key', `epoch ${String(keys.epoch)}, ${keys.key.toString('hex').slice(0, 16)}…`],
      ['Last commitment', commitment],
      ['Owner', vault.owner.toRawString()],
      ['Guardian', vault.guardian.toRawString()],
    ],
    tables: [
      table('Pending changes', pending),
      table(
        'Paid to',
        paid.map(([payee, total]) => [`0:${payee}`, showCoin(total)] as const),
      ),
    ],
  }
}

function registryDetails(data: Cell): Details {
  const registry = readRegistryData(data)
  const { content, roles } = registry
  return {
    facts: [
      ['Version', String(registry.registryVersion)],
      ['Policy hash', /^0+$/.test(content.policyHash) ? 'none yet' : content.policyHash],
      ['Images and models', String(content.entries.size)],
      ['Gateways', String(content.gateways.size)],
      ['Vaults', String(content.vaults.size)],
      ['Price tables', String(content.prices.size)],
      ['Proposals', String(registry.proposals.size)],
      ['Owner', roles.owner.toRawString()],
      ['Guardian', roles.guardian.toRawString()],
    ],
    tables: [],
  }
}

const table = (name: string, rows: readonly (readonly [string, string])[]) => ({
  name,
  more: Math.max(0, rows.length - longestTable),
  rows: rows.slice(0, longestTable),
})

function parsedAddress(text: string): Address | undefined {
  try {
    return Address.parse(text)
  } catch {
    return undefined
  }
}

/** Code hash → what it is. */
function knownCodes(): ReadonlyMap<string, Kind> {
  const publicKey = Buffer.alloc(32)
  const kinds: readonly (readonly [Cell, Kind])[] = [
    [contractCode('vault'), 'vault'],
    [contractCode('registry'), 'registry'],
    [WalletContractV5R1.create({ publicKey }).init.code, 'wallet'],
    [WalletContractV4.create({ workchain: 0, publicKey }).init.code, 'wallet'],
  ]
  return new Map(kinds.map(([code, kind]) => [code.hash().toString('hex'), kind]))
}
