/** @module The bot's settings. */
import { z } from 'zod'
import { parseCoin } from '../core/coin.ts'
import { flag, folderSchema, integer, netSchema, secret } from '../core/config.ts'
import { isFrontId, isModelId } from '../core/ids.ts'

const token = z.string().regex(/^\d+:[A-Za-z0-9_-]+$/, 'expected the token BotFather gave you')

/** Telegram itself takes https only; plain http serves the simulator of this machine. */
const webhookUrl = z
  .url({ protocol: /^https?$/ })
  .refine(
    (text) => /^https:|^http:\/\/(127\.0\.0\.1|localhost|\[::1\])[:/]/.test(`${text}/`),
    'expected https',
  )
  .transform((text) => text.replace(/\/+$/, ''))

const isCoin = (text: string): boolean => /^\d{1,12}(\.\d{1,9})?$/.test(text)

const botSettings = z.object({
  CHRYSALIS_NET: netSchema.default('devnet'),
  CHRYSALIS_DATA: folderSchema,
  /** Where vocabularies are found for counting what is billed; `<data>/models` where nothing is said. */
  CHRYSALIS_MODELS: folderSchema.optional(),
  REDIS_URL: secret(),
  TELEGRAM_TOKEN: token.pipe(secret()),
  TELEGRAM_API_ROOT: z.url({ protocol: /^https?$/ }).default('https://api.telegram.org'),
  CHRYSALIS_FRONT: z.string().default('bot-1').refine(isFrontId, 'expected letters, digits, -'),
  CHRYSALIS_TEXT_MODEL: z
    .string()
    .default('qwen2.5-coder-1.5b')
    .refine(isModelId, 'expected a model id'),
  CHRYSALIS_SPEECH_MODEL: z
    .string()
    .default('whisper-base')
    .refine(isModelId, 'expected a model id'),
  /** Links may lead to this machine: only for trying the whole system on one machine. */
  CHRYSALIS_ALLOW_LOOPBACK_LINKS: flag().default(false),
  /**
   * How updates come in. One process of a bot polls, or any number of them take webhooks; `inbox` takes in none and
   * helps with what the others kept. Each process has a `CHRYSALIS_FRONT` of its own.
   */
  CHRYSALIS_UPDATES: z.enum(['polling', 'webhook', 'inbox']).default('polling'),
  /** Where Telegram reaches the webhook, without the secret path: `https://bot.example.org`. */
  CHRYSALIS_WEBHOOK_URL: webhookUrl.optional(),
  CHRYSALIS_WEBHOOK_HOST: z.string().default('127.0.0.1'),
  CHRYSALIS_WEBHOOK_PORT: integer(0, 65_535).default(4820),
  /**
   * The proof page of the gateway, `https://proof.example.org/proof`: with https also as a Mini App. Without it answers
   * have no Proof button. Telegram refuses buttons that lead to this machine, so plain http is for the simulator.
   */
  CHRYSALIS_PROOF_URL: webhookUrl.optional(),
  /** The gateway's page where owners link wallets; without it nobody can link one. */
  CHRYSALIS_WALLET_URL: webhookUrl.optional(),
  /** Where owners' workers connect: stands in the command that `/gpu` gives. */
  CHRYSALIS_GATEWAY_URL: z.url({ protocol: /^wss?$/ }).default('ws://127.0.0.1:4810/v1/connect'),
  /** The Telegram account whose machine the installation's own worker is, by number. */
  CHRYSALIS_LOCAL_OWNER: integer(1, Number.MAX_SAFE_INTEGER).optional(),
  /** A page that shows accounts: the hash of one is put at its end. */
  CHRYSALIS_EXPLORER_URL: webhookUrl.optional(),
  /** Nothing is sold while it is on; what was bought is served. */
  CHRYSALIS_MAINTENANCE: flag().default(false),
  /** Coins that workers may be owed for jobs paid in Stars, which Telegram gives out after 21 days; at that no more is sold. */
  CHRYSALIS_STARS_FLOAT: z
    .string()
    .default('1000')
    .refine(isCoin, 'expected coins, e.g. 1000 or 0.5')
    .transform((text) => parseCoin(text)),
  /** Telegram accounts that answer payment tickets, by number, joined by commas; each has started the bot. */
  CHRYSALIS_OPERATORS: z
    .string()
    .default('')
    .refine((text) => /^(\d{1,15}(,\d{1,15})*)?$/.test(text), 'expected numbers joined by commas')
    .transform((text) =>
      text
        .split(',')
        .filter((id) => id !== '')
        .map(Number),
    ),
  /** Messages a second of this process; Telegram allows about 30 to a bot, so several processes share that. */
  CHRYSALIS_SENDS_PER_SECOND: integer(1, 1000).default(25),
})

export const botConfig = botSettings.refine(
  (it) => it.CHRYSALIS_UPDATES !== 'webhook' || it.CHRYSALIS_WEBHOOK_URL !== undefined,
  { path: ['CHRYSALIS_WEBHOOK_URL'], error: 'needed for webhooks' },
)
export type BotConfig = z.output<typeof botConfig>
