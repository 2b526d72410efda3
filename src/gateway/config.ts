/** @module The gateway's settings. */
import { z } from 'zod'
import { folderSchema, netSchema, secret } from '../core/config.ts'

export const gatewayConfig = z.object({
  CHRYSALIS_NET: netSchema.default('devnet'),
  CHRYSALIS_DATA: folderSchema,
  /** Where vocabularies are found for counting what is billed; `<data>/models` where nothing is said. */
  CHRYSALIS_MODELS: folderSchema.optional(),
  REDIS_URL: secret(),
  /** `production`: nothing simulated is believed, so that devnet does not start. */
  NODE_ENV: z.string().optional(),
  /** Public keys of those who sign the network's policy, hex, separated by commas; the dev network signs its own. */
  CHRYSALIS_POLICY_KEYS: z
    .string()
    .default('')
    .transform((text) =>
      text
        .split(',')
        .map((key) => key.trim())
        .filter((key) => key !== ''),
    ),
  /** A cache of Intel's collateral service, untrusted; the address before `/sgx` and `/tdx`. */
  CHRYSALIS_PCCS: z.url({ protocol: /^https?$/ }).optional(),
  /** Whether NVIDIA's attestation service may be asked; it needs an agreement with NVIDIA. */
  CHRYSALIS_NRAS: z.enum(['on', 'off']).default('off'),
  /** Where owners link their wallets, `https://gpu.example.org/wallet`; absent: on this machine only. */
  CHRYSALIS_WALLET_URL: z.url({ protocol: /^https?$/ }).optional(),
  /** File that names the sources of the coin's price; without it prices change by hand only. */
  CHRYSALIS_ORACLE: z.string().min(1).optional(),
  /** 0: any free port. */
  CHRYSALIS_GATEWAY_PORT: z.coerce.number().int().min(0).max(65_535).default(4810),
  /** Workers on other machines need more than the loopback. */
  CHRYSALIS_GATEWAY_HOST: z.string().min(1).default('127.0.0.1'),
})
