/** @module What the operator of a machine is told about each error code: what is wrong and what to do. */
import type { AppError } from '../core/app-error.ts'
import type { ErrorCode } from '../core/errors.ts'
import { haltSentence } from './halt-words.ts'

const advice: Partial<Record<ErrorCode, string>> = {
  'config.port-in-use':
    'The port is in use by another program. Choose another: --port N (or CHRYSALIS_PORT).',
  'config.data-folder':
    'The data folder is in use by another running system, or cannot be written. Choose another: --data DIR.',
  'config.redis':
    'Redis cannot be used: it needs version 6.2 or newer, persistence on, and maxmemory-policy noeviction.',
  'db.in-use':
    'Another process uses this database folder. The built-in database serves one process; for several set DATABASE_URL to a Postgres.',
  'db.migration-changed':
    'A migration that was already applied has changed. Use the release that made this database.',
  'db.migration-failed':
    'A migration did not finish. Restore the last backup, or start with a new data folder.',
  'db.newer-than-code': 'The database was made by a newer release. Update this checkout.',
  'db.locked': 'Another process is migrating the database. Wait for it, then start again.',
  'telegram.token':
    'Telegram does not accept this token. Ask BotFather for a new one and set TELEGRAM_TOKEN.',
  'telegram.conflict': 'Another process polls this bot. Stop it, or use another token.',
  'models.absent': 'A model is missing. ./chrysalis models pull fetches it.',
  'models.corrupt':
    'A model file does not have the published hash. ./chrysalis models pull fetches it again.',
  'models.source':
    'No source of the model could be reached. Check the network and run it again; what came so far is kept.',
  'models.disk': 'Not enough free space for the model.',
  'models.unknown': 'There is no model of that name. ./chrysalis models list shows them.',
  'models.fixture': 'Test models are refused on this network.',
  'models.unpinned': 'This model has no published hash, so it is refused outside devnet.',
  'stores.down': 'Redis or the database cannot be reached.',
  'admission.join': 'The gateway does not know this join token.',
  'admission.evidence': 'The gateway accepts only workers with hardware evidence on this network.',
  'deposit.account': 'An account is customer: and 1 to 64 of a–z, 0–9 and -.',
  'deposit.code': 'Nobody has this code. ./chrysalis deposits code ACCOUNT makes one.',
  'deposit.id': 'Name the transfer as ./chrysalis deposits list shows it: ADDRESS:LT.',
  'deposit.wallet': 'No wallet takes deposits here: set CHRYSALIS_DEPOSIT_WALLET.',
  'deposit.signer':
    'The key of the deposit wallet is not in this data folder (keys/deposits.key): send from its own app; deposits sweep --dry-run says what and where.',
  'deposit.not-waiting': 'This transfer does not wait for anybody: unknown, or assigned already.',
  'chain.unavailable':
    'The chain does not answer. Is its provider reachable (CHRYSALIS_TON_ENDPOINT), and has the order its coins?',
  'funds.insufficient':
    'The wallet that sends this has too little (sums in nano). Send coins to it and run the command again.',
  'price.invalid':
    'This table of prices cannot be the next one. ./chrysalis prices lint FILE says what is wrong with it, prices show which one is in force.',
  'settlement.drift':
    'What is on chain is not what this data folder was deployed with. Nothing was sent; look before you go on.',
  'admin.key-missing': 'There is no key file of that name.',
  'admin.signer':
    'No key at hand may give this order. Name the key file of that role with --key FILE, or print the message for another wallet with --print.',
  'admin.endpoint': 'Name a provider of the chain: CHRYSALIS_TON_ENDPOINT.',
  'admin.network': 'The provider or the data folder belongs to another network (CHRYSALIS_NET).',
  'admin.not-deployed':
    'There is no vault and registry here yet: ./chrysalis vault deploy, ./chrysalis registry deploy.',
  'admin.owner':
    'On mainnet the owner must be a contract of several people that is on chain (a multisig), and another address the guardian: --owner ADDRESS --guardian ADDRESS.',
  'challenge.sig': 'The gateway is not the one this worker is set up for (CHRYSALIS_BROKER_KEY).',
}

/** One sentence and the code; numbers of the details where they help. */
export function explain(error: AppError): string {
  const details = Object.entries(error.details)
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(', ')
  const sentence =
    error.code === 'settlement.halted'
      ? haltSentence(error.details['reason'])
      : (advice[error.code] ?? 'Something went wrong.')
  return `${sentence} [${error.code}${details === '' ? '' : `; ${details}`}]`
}
