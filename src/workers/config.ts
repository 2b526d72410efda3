/** @module Settings of a worker: no key of Telegram, Redis or the database is even asked for. */
import { z } from 'zod'
import { parseCoin } from '../core/coin.ts'
import { folderSchema, integer, netSchema, secret } from '../core/config.ts'
import { isModelId, type ModelId } from '../core/ids.ts'
import { SOURCE_KINDS } from '../tee/sources/source.ts'

const modelSetting = (standard: string) =>
  z
    .string()
    .default(standard)
    .refine((text): text is ModelId => isModelId(text), 'expected a model id')

export const workerConfig = z.object({
  CHRYSALIS_NET: netSchema.default('devnet'),
  /** Where `models.json` with an operator's own models lies; absent: the models folder. */
  CHRYSALIS_DATA: folderSchema.optional(),
  /** One or several WebSocket addresses, separated by commas; tried in turn. */
  CHRYSALIS_GATEWAY_URL: z
    .string()
    .default('ws://127.0.0.1:4810/v1/connect')
    .transform((text) => text.split(',').map((url) => url.trim()))
    .refine((urls) => urls.every(isGatewayUrl), 'expected ws:// or wss:// addresses'),
  /** The owner's token; on devnet with the seed of the simulated hardware behind a dot. */
  CHRYSALIS_JOIN: secret(16),
  /** Where this machine's evidence comes from; `auto` looks, and finds nothing simulated off devnet. */
  CHRYSALIS_TEE: z.enum(['auto', ...SOURCE_KINDS]).default('auto'),
  /** Program that prints the GPUs' evidence for a nonce; for dstack and configfs-tsm, which have no interface for it. */
  CHRYSALIS_GPU_EVIDENCE: z.string().min(1).optional(),
  /** Where the owner's earnings go, as the operator has noted it with the token. */
  CHRYSALIS_PAYOUT: z.string().max(80).default(''),
  /** Where the newest voucher is kept; absent: `earnings` in the data folder, and without one in memory only. */
  CHRYSALIS_EARNINGS: folderSchema.optional(),
  /** Most coins that may be owed before this worker pulls no more jobs. */
  CHRYSALIS_CREDIT: z.string().default('5').transform(toNano),
  /** The owner's own endpoint of the chain (toncenter's JSON-RPC): what was paid is read there instead of believed. */
  CHRYSALIS_CHAIN_URL: z.url({ protocol: /^https?$/ }).optional(),
  /** Raw Ed25519 public key of the broker, base64url. */
  CHRYSALIS_BROKER_KEY: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  /** Absent: chosen by the engine from the cores of this machine. */
  CHRYSALIS_THREADS: integer(1, 256).optional(),
  /** Text slots. Absent: chosen by the engine. */
  CHRYSALIS_SLOTS: integer(1, 64).optional(),
  CHRYSALIS_MODELS: folderSchema,
  /** A GPU that is named and missing stops the worker; nothing falls back to the CPU. */
  CHRYSALIS_GPU: z.enum(['none', 'cuda', 'vulkan']).default('none'),
  CHRYSALIS_TEXT_MODEL: modelSetting('qwen2.5-coder-1.5b'),
  CHRYSALIS_SPEECH_MODEL: modelSetting('whisper-base'),
})
function toNano(coins: string, context: z.RefinementCtx): bigint {
  try {
    return parseCoin(coins)
  } catch {
    context.addIssue('expected coins, such as 5 or 0.5')
    return z.NEVER
  }
}
export type WorkerConfig = z.output<typeof workerConfig>

const isGatewayUrl = (url: string): boolean =>
  URL.canParse(url) && ['ws:', 'wss:'].includes(new URL(url).protocol)
