/** @module `chrysalis worker earnings` and `worker claim`: what the owner of this machine is owed, and how to get it with the operator gone. Needs the voucher's file, and for more an endpoint of the chain. */
import { mkdirSync, readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../core/clock.ts'
import { showCoin } from '../core/coin.ts'
import type { Environment } from '../core/config.ts'
import type { Voucher } from '../core/voucher.ts'
import { createTonChain } from '../payments/chain/ton-client.ts'
import { cellSigner } from '../payments/contracts/sign.ts'
import { readChainFile } from '../payments/settlement/chain-file.ts'
import { openWallet, type Wallet } from '../payments/settlement/wallet.ts'
import { claimOrder, leastBalanceNano, paidTo, sendClaim } from '../payments/vouchers/claim.ts'
import { openSeed } from '../payments/vouchers/settlement-key.ts'
import { payeeOf, readAddress, showPayout } from '../payments/wallets/address.ts'
import {
  type EarningsRecord,
  earningsPath,
  openEarningsFile,
  readEarnings,
  type StopDetail,
} from '../workers/earnings-file.ts'
import { dataFolder, earningsFolder } from './paths.ts'
import { EXIT, type Terminal } from './terminal.ts'
import { parseOptions, UsageError } from './usage.ts'

const options = {
  json: { type: 'boolean', default: false },
  resume: { type: 'boolean', default: false },
  yes: { type: 'boolean', default: false },
  payee: { type: 'string' },
  chain: { type: 'string' },
  data: { type: 'string' },
} as const

/** Exit codes: 0 done, 1 nothing earned or not paid, 2 a wrong command line. */
export async function runEarnings(
  args: readonly string[],
  env: Environment,
  terminal: Terminal,
): Promise<number> {
  const { values } = parseOptions(args, options)
  const folder = earningsFolder(values.data, env)
  const record = findRecord(folder, values.payee)
  if (!record) {
    terminal.err('Nothing was earned here yet.')
    return EXIT.failed
  }
  if (values.resume) {
    resume(folder, record)
    terminal.out('The worker pulls jobs again when it is started next.')
    return EXIT.ok
  }
  const endpoint = endpointOf(env, values)
  const checked =
    endpoint !== undefined && record.voucher
      ? await paidTo(openChain(endpoint), record.voucher)
      : undefined
  if (values.json) terminal.out(JSON.stringify(forJson(record, checked)))
  else terminal.out(words(record, checked).join('\n'))
  return EXIT.ok
}

/** Exit codes: 0 paid, or shown without `--yes`; 1 nothing to claim or not paid; 2 a wrong command line. */
export async function runClaim(
  args: readonly string[],
  env: Environment,
  terminal: Terminal,
): Promise<number> {
  const { values } = parseOptions(args, options)
  const folder = earningsFolder(values.data, env)
  const voucher = findRecord(folder, values.payee)?.voucher
  if (!voucher) {
    terminal.err('There is no voucher here to claim with.')
    return EXIT.failed
  }
  const order = claimOrder(voucher, voucher.net !== MAINNET)
  if (!values.yes) {
    terminal.out(
      values.json
        ? JSON.stringify({ ...order, amountNano: order.amountNano.toString() })
        : [
            `Anybody may send this; the money goes to ${showPayee(voucher)} whoever does.`,
            `to      ${order.to}`,
            `amount  ${showCoin(order.amountNano)} (gas; the rest comes back to the sender)`,
            `body    ${order.body}`,
            `link    ${order.link}`,
            './chrysalis worker claim --yes sends it.',
          ].join('\n'),
    )
    return EXIT.ok
  }
  const endpoint = endpointOf(env, values)
  if (endpoint === undefined)
    throw new UsageError('Name an endpoint of the chain: --chain URL (or CHRYSALIS_CHAIN_URL).')
  const chain = openChain(endpoint)
  const wallet = openSender(folder, voucher)
  await fundOnLocalnet({ endpoint, chain, wallet, net: voucher.net })
  const { balanceNano } = await chain.account(wallet.address)
  if (balanceNano < leastBalanceNano) {
    const address = showPayout(wallet.address.toRawString(), voucher.net !== MAINNET)
    terminal.err(
      `Send ${showCoin(leastBalanceNano)} to ${address} for gas and run it again, or open the link in your own wallet.`,
    )
    return EXIT.failed
  }
  const paid = await sendClaim({ chain, wallet, clock: systemClock }, voucher)
  if (values.json) terminal.out(JSON.stringify({ paidNano: paid.toString() }))
  else terminal.out(paid > 0n ? `Paid ${showCoin(paid)} to ${showPayee(voucher)}.` : 'Not paid.')
  return paid > 0n ? EXIT.ok : EXIT.failed
}

const MAINNET = -239
/** A chain of one machine, whose coins are nobody's. */
const LOCALNET = -217
const GIFT_NANO = '1000000000'

const showPayee = ({ payee, net }: Voucher): string => showPayout(`0:${payee}`, net !== MAINNET)

const openChain = (endpoint: string) =>
  createTonChain({ provider: { endpoint }, clock: systemClock })

/** A wallet that only carries claims: its key lies beside the vouchers. */
function openSender(folder: string, { net }: Voucher): Wallet {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const seed = openSeed(join(folder, 'sender.key'))
  try {
    return openWallet(cellSigner(seed), net)
  } finally {
    seed.fill(0)
  }
}

async function fundOnLocalnet(of: {
  endpoint: string
  chain: ReturnType<typeof openChain>
  wallet: Wallet
  net: number
}): Promise<void> {
  const { endpoint, chain, wallet, net } = of
  if (net !== LOCALNET) return
  if ((await chain.account(wallet.address)).balanceNano >= leastBalanceNano) return
  await fetch(new URL('/sim/faucet', endpoint), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ address: wallet.address.toRawString(), nano: GIFT_NANO }),
  })
  for (let tries = 0; tries < 20; tries++) {
    if ((await chain.account(wallet.address)).balanceNano >= leastBalanceNano) return
    await systemClock.sleep(500)
  }
}

/** An option, a setting, or where the localnet of this data folder is. */
function endpointOf(
  env: Environment,
  values: { chain?: string | undefined; data?: string | undefined },
): string | undefined {
  const named = values.chain ?? env['CHRYSALIS_CHAIN_URL']
  if (named !== undefined && !URL.canParse(named))
    throw new UsageError('--chain takes the address of an endpoint (toncenter JSON-RPC).')
  return named ?? readChainFile(dataFolder(values.data, env))?.endpoint
}

function findRecord(folder: string, payout: string | undefined): EarningsRecord | undefined {
  const payees = payout === undefined ? payeesIn(folder) : [readPayee(payout)]
  const [payee, ...more] = payees
  if (more.length > 0)
    throw new UsageError(`Several addresses earned here; name one: --payee ${payees.join(' | ')}`)
  return payee === undefined ? undefined : readEarnings(earningsPath(folder, payee))
}

function payeesIn(folder: string): string[] {
  try {
    return readdirSync(folder).flatMap((name) => /^([0-9a-f]{64})\.json$/.exec(name)?.[1] ?? [])
  } catch {
    return []
  }
}

function readPayee(given: string): string {
  if (/^[0-9a-f]{64}$/.test(given)) return given
  const payee = payeeOf(readAddress(given)?.address.toRawString() ?? '')
  if (payee === undefined) throw new UsageError('That is no address of the base chain.')
  return payee
}

/** Terms of another vault are followed only with an empty file: the old one keeps its voucher under another name. */
function resume(folder: string, record: EarningsRecord): void {
  const payee = record.terms?.payee ?? record.voucher?.payee
  if (payee === undefined) return
  const path = earningsPath(folder, payee)
  if (record.stopped?.code === 'terms') {
    renameSync(path, `${path}.${String(record.stopped.at)}`)
    return
  }
  const { stopped: _stopped, ...rest } = record
  openEarningsFile(path).write(rest)
}

const why: Readonly<Record<StopDetail, string>> = {
  own: 'more is owed than your own limit (CHRYSALIS_CREDIT); it goes on when you are paid',
  vault:
    'the vault could not pay more than this; it goes on when the vault is funded or you are paid',
  'voucher.invalid': 'a voucher was malformed',
  'voucher.domain': 'a voucher was for another vault, network, address or key',
  'voucher.sig': 'a voucher was not signed by the settlement key',
  missing: 'many answers in a row were paid nothing at all',
  rates: 'the rates of one price version changed',
  charged: 'an answer was called free of charge that was not',
  units: 'what was charged for differs by more than a hundredth from what this worker counted',
  amount: 'a pay does not follow from its rates and units',
  total: "a total did not rise by the job's pay",
  'other-vault': 'the gateway names another vault than before',
  'other-key': 'the gateway names another settlement key without a new epoch',
}

function words(record: EarningsRecord, checked: bigint | undefined): string[] {
  const { voucher, terms, stopped } = record
  const total = BigInt(voucher?.total ?? 0)
  const paid = checked ?? record.paidNano
  const source = checked !== undefined || record.isChecked ? 'read from the chain' : 'not checked'
  return [
    ...(voucher ? [`for       ${showPayee(voucher)}`] : []),
    ...(terms ? [`vault     ${terms.vault}, key epoch ${String(terms.epoch)}`] : []),
    `earned    ${showCoin(total)} in all, by the newest voucher`,
    ...(record.unsignedNano > 0n ? [`unsigned  ${showCoin(record.unsignedNano)}`] : []),
    `paid      ${showCoin(paid)} (${source})`,
    `owed      ${showCoin(total + record.unsignedNano - paid)}`,
    `here      ${String(record.jobs)} jobs, ${showCoin(record.earnedNano)} counted by this worker`,
    ...(stopped
      ? [
          '',
          `STOPPED since ${new Date(stopped.at).toISOString()}: ${why[stopped.detail]} [${stopped.code}.${stopped.detail}${stopped.job === undefined ? '' : `, job ${stopped.job}`}]`,
          ...(stopped.code === 'credit'
            ? []
            : ['When you have looked at it: ./chrysalis worker earnings --resume']),
        ]
      : []),
  ]
}

const forJson = (record: EarningsRecord, checked: bigint | undefined) => ({
  payee: record.voucher?.payee ?? record.terms?.payee,
  terms: record.terms,
  voucher: record.voucher,
  earnedNano: record.voucher?.total ?? '0',
  unsignedNano: record.unsignedNano.toString(),
  paidNano: (checked ?? record.paidNano).toString(),
  paidIsChecked: checked !== undefined || record.isChecked,
  jobs: record.jobs,
  countedNano: record.earnedNano.toString(),
  stopped: record.stopped,
})
