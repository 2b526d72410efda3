/** @module What a statement is checked with: receipts read by the verifier of proofs, signatures by Node, the vault by whichever endpoint is named. */
import { systemClock } from '../core/clock.ts'
import { keysetSchema } from '../core/frames.ts'
import { createTonChain } from '../payments/chain/ton-client.ts'
import type { ReadReceipt, StatementPorts } from '../payments/statements/check-statement.ts'
import { sha256 } from '../payments/statements/close-epoch.ts'
import type { Statement } from '../payments/statements/statement.ts'
import { openVaultChain } from '../payments/statements/vault-chain.ts'
import { checkVoucher } from '../payments/vouchers/voucher.ts'
import { fromHex } from '../tee/crypto/binary.ts'
import { SIGNATURE_BYTES, verifySignature } from '../tee/crypto/signature.ts'
import { publicKeysOf } from '../tee/keys/keyset.ts'
import { readReceiptText } from '../tee/verify/receipt-document.ts'

/** `endpoint`: of the chain; without one nothing of it is checked. */
export function statementPorts(statement: Statement, endpoint?: string): StatementPorts {
  return {
    sha256,
    keysetNamed: (document) => readReceiptText(document)?.document.workload_keyset_digest,
    readReceipt: async (document, keyset) => readSigned(document, keyset, statement),
    isVoucher: (it) => isVoucher(it),
    ...(endpoint !== undefined && {
      chain: openVaultChain({
        chain: createTonChain({ provider: { endpoint }, clock: systemClock }),
        vault: statement.vault,
        payee: statement.payee,
      }),
    }),
  }
}

function readSigned(document: string, keyset: string, { net }: Statement): ReadReceipt | undefined {
  const receipt = readReceiptText(document)
  const signature = receipt && fromHex(receipt.document.signature, SIGNATURE_BYTES)
  if (!receipt || !signature || receipt.work.net !== net) return undefined
  const keys = keysOf(keyset, net)
  if (keys?.signingKeyId !== receipt.document.key_id) return undefined
  if (!verifySignature(keys.signing, receipt.signedBytes, signature)) return undefined
  const { units } = receipt.work
  return {
    keyset: receipt.document.workload_keyset_digest,
    task: receipt.document.endpoint.slice('/tasks/'.length),
    model: receipt.document.model,
    units: {
      inTokens: units.in_tokens,
      cachedTokens: units.cached_tokens,
      outTokens: units.out_tokens,
      audioMs: units.audio_ms,
    },
  }
}

function keysOf(keyset: string, net: Statement['net']) {
  try {
    return publicKeysOf(keysetSchema.parse(JSON.parse(keyset)), net)
  } catch {
    return undefined
  }
}

function isVoucher({ voucher, globalId, vault, key, keyEpoch, payee }: Statement): boolean {
  try {
    checkVoucher(voucher, { net: globalId, vault, key, epoch: keyEpoch, payee })
    return true
  } catch {
    return false
  }
}
