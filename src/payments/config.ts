/** @module Settings of whatever touches the chain. */
import { z } from 'zod'
import { folderSchema, netSchema, secret } from '../core/config.ts'
import { readAddress } from './wallets/address.ts'

export const paymentsConfig = z.object({
  CHRYSALIS_NET: netSchema.default('devnet'),
  CHRYSALIS_DATA: folderSchema,
  /** A provider of toncenter's HTTP API v2, the address of its JSON-RPC; absent on the dev network: a chain of this machine. */
  CHRYSALIS_TON_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  /** A second one, asked what no single one may answer. */
  CHRYSALIS_TON_WITNESS: z.url({ protocol: /^https?$/ }).optional(),
  /** The operator's wallet that takes deposits of developers; a localnet has its own. */
  CHRYSALIS_DEPOSIT_WALLET: z
    .string()
    .transform((text, context) => {
      const address = readAddress(text.trim())?.address
      if (address?.workChain === 0) return address
      context.addIssue({ code: 'custom', message: 'must be an address of workchain 0' })
      return z.NEVER
    })
    .optional(),
  CHRYSALIS_TON_KEY: secret().optional(),
  /** Port of the dev network's chain and explorer; 0: any. */
  CHRYSALIS_CHAIN_PORT: z.coerce.number().int().min(0).max(65_535).default(0),
})
