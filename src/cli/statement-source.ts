/** @module A payee's statement from the operator's data: rows, the settlement key, and the evidence that names workers' keys. */
import { join } from 'node:path'
import { z } from 'zod'
import { AppError } from '../core/app-error.ts'
import { canonicalText, parseStrictJson } from '../core/canonical.ts'
import { isJobId } from '../core/ids.ts'
import type { Database } from '../db/database.ts'
import { createEvidenceStore } from '../gateway/evidence-store.ts'
import { readChainFile } from '../payments/settlement/chain-file.ts'
import { createVaultStore } from '../payments/settlement/vault-store.ts'
import { makeStatement } from '../payments/statements/make-statement.ts'
import type { Statement } from '../payments/statements/statement.ts'
import { openSettlementKey } from '../payments/vouchers/settlement-key.ts'
import { signVoucher } from '../payments/vouchers/voucher.ts'
import { standingsOf } from '../payments/vouchers/voucher-store.ts'
import { createReceiptStore } from '../queue/receipt-store.ts'
import { nodeHashes } from '../tee/crypto/node-crypto.ts'
import { readEvidenceRecord } from '../tee/verify/proof/evidence-record.ts'

/** Of a vault that nobody has read yet: its first key; every later one has the next number. */
const firstKeyEpoch = 1

const wantedSchema = z.strictObject({ payee: z.string().regex(/^[0-9a-f]{64}$/) })

/** The call `statement.get` of a running system. */
export const statementCall =
  (db: Database, dataDir: string) =>
  (args: unknown): Promise<Statement> =>
    statementFor(db, { dataDir, ...wantedSchema.parse(args) })

/** `payee`: 64 hex characters. Throws `admin.not-deployed` where there is no vault yet. */
export async function statementFor(
  db: Database,
  { dataDir, payee }: { readonly dataDir: string; readonly payee: string },
): Promise<Statement> {
  const file = readChainFile(dataDir)
  if (!file) throw new AppError('admin.not-deployed')
  const key = openSettlementKey(join(dataDir, 'keys'))
  const receipts = createReceiptStore(db)
  const evidence = createEvidenceStore(db)
  const { net, globalId, vault } = file
  const { keyEpoch = firstKeyEpoch } = await createVaultStore(db).progress(vault.slice(2))
  return makeStatement(
    {
      db,
      net,
      globalId,
      vault,
      key: key.publicKey.toString('hex'),
      keyEpoch,
      documentOf: async (job) => {
        const found = isJobId(job) ? await receipts.find(job) : undefined
        return found?.kind === 'kept' ? found.document : undefined
      },
      keysetOf: async (id) => {
        const text = await evidence.evidence(id)
        return text === undefined ? undefined : keysetIn(text)
      },
      voucherOf: async (wanted) => {
        const earned = (await standingsOf(db.rows, [wanted])).get(wanted)?.earnedNano ?? 0n
        if (earned === 0n) return undefined
        return signVoucher(key, {
          net: globalId,
          vault,
          payee: wanted,
          totalNano: earned,
          epoch: keyEpoch,
        })
      },
    },
    payee,
  )
}

function keysetIn(record: string): string | undefined {
  const found = readEvidenceRecord(parseStrictJson(record), nodeHashes)
  return found && canonicalText(found.data.keyset)
}
