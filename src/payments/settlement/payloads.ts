/** @module What a batch says to the vault: its lines as signed payloads, each with a number by which it is found again (PAY §5, §7). */
import { type Address, internal, loadTransaction, type MessageRelaxed } from '@ton/core'
import type { ChainPort, OutMessage, Tx } from '../chain/port.ts'
import { commitCell, settleCell } from '../contracts/cells.ts'
import type { FeeTable } from '../contracts/fee-tables.ts'
import { VAULT_OPS, VAULT_OUT } from '../contracts/opcodes.ts'
import type { CellSigner } from '../contracts/sign.ts'
import { commitBody, settleBody } from '../contracts/vault-messages.ts'
import type { Batch } from './batch.ts'
import type { CommitStore } from './commit-store.ts'

export interface Payloads {
  isOurKey(key: Buffer): boolean
  messages(
    batch: Batch,
    terms: { readonly epoch: number; readonly validUntil: number },
  ): Promise<readonly MessageRelaxed[]>
  /** The messages of a wallet's transaction by the number of the chunk they carry. */
  chunksIn(tx: Tx): ReadonlyMap<number, OutMessage>
  /** What a batch cost beside what it paid: what left the wallet and did not come back. */
  feesOf(walletTx: Tx, batch: bigint): Promise<bigint>
}

export function createPayloads(deps: {
  readonly chain: Pick<ChainPort, 'resultOf'>
  readonly net: number
  readonly vault: Address
  readonly key: CellSigner
  readonly commits: Pick<CommitStore, 'ofBatch'>
}): Payloads {
  const { chain, net, vault, key, commits } = deps
  return {
    isOurKey: (other) => key.publicKey.equals(other),
    messages: async (batch, { epoch, validUntil }) => {
      const domain = { net, vault, epoch }
      const messages: MessageRelaxed[] = []
      for (const { chunk, kind, valueNano } of batch.chunks) {
        const queryId = queryIdOf(batch.id, chunk)
        const commitment = kind === 'commit' ? await commits.ofBatch(batch.id) : undefined
        if (kind === 'commit' && !commitment) continue
        const cell = commitment
          ? commitCell(domain, {
              commitEpoch: commitment.epoch,
              total: commitment.totalNano,
              root: commitment.root,
            })
          : settleCell(domain, {
              validUntil,
              batch: batch.id,
              entries: batch.lines
                .filter((line) => line.chunk === chunk)
                .map(({ payee, target }) => ({ payee, total: target })),
            })
        const signed = { queryId, signature: key.sign(cell), cell }
        const body = commitment ? commitBody(signed) : settleBody(signed)
        messages.push(internal({ to: vault, value: valueNano, bounce: true, body }))
      }
      return messages
    },
    chunksIn: (tx) =>
      new Map(
        tx.out.flatMap((message) => {
          const chunk = message.to?.equals(vault) === true ? chunkOf(message) : undefined
          return chunk === undefined ? [] : [[chunk, message] as const]
        }),
      ),
    feesOf: async (walletTx, batch) => {
      // Forwarding is paid in full by the wallet; of it, only the first part stands in the transaction's own fees.
      const raw = loadTransaction(walletTx.raw.beginParse())
      let spent = walletTx.totalFeesNano
      for (const message of raw.outMessages.values()) {
        if (message.info.type === 'internal') spent += message.info.forwardFee
      }
      for (const message of walletTx.out) {
        if (message.to?.equals(vault) !== true || chunkOf(message) === undefined) continue
        const result = await chain.resultOf(walletTx.account, vault, message.createdLt)
        const back = result?.out.find((it) => isExcess(it, batch))?.valueNano ?? 0n
        spent += message.valueNano - back
      }
      return spent
    },
  }
}

/** A uint64: batches in the upper part, up to 256 messages in the lower. */
const queryIdOf = (batch: bigint, chunk: number): bigint =>
  BigInt.asUintN(64, (batch << 8n) | BigInt(chunk))

function chunkOf({ body }: OutMessage): number | undefined {
  if (body.bits.length < 96) return undefined
  const slice = body.beginParse()
  const op = slice.loadUint(32)
  if (op !== VAULT_OPS.Settle && op !== VAULT_OPS.CommitLiability) return undefined
  return Number(slice.loadUintBig(64) & 0xffn)
}

function isExcess({ body }: OutMessage, batch: bigint): boolean {
  if (body.bits.length < 96) return false
  const slice = body.beginParse()
  return slice.loadUint(32) === VAULT_OUT.Excesses && slice.loadUintBig(64) >> 8n === batch
}

/** Measured at 30 000 payees (PAY §7). */
const baseGas = 10_000n
const entryGas = 12_200n
/** Forwarding of one payout or event: about twice the lump under both fee tables. */
const forwardLumps = 2n

/** What a message with so many totals costs, with its margin; the rest comes back. `factor` in per cent. */
export function chunkValue(
  fees: FeeTable,
  { lines, factor }: { lines: number; factor: number },
): bigint {
  const count = BigInt(lines)
  const gas = ((baseGas + entryGas * count) * fees.gas.price) / 65_536n
  const forwards = fees.messages.lump * forwardLumps * (count + 2n)
  return ((gas + forwards) * BigInt(factor)) / 100n
}

/** A commitment takes less than two entries' worth. */
export const commitValue = (fees: FeeTable, factor: number): bigint =>
  chunkValue(fees, { lines: 2, factor })
