/** @module `chrysalis log verify`: whether the log of released keys is whole, for whoever runs or audits a gateway (CONF §6). */
import { join } from 'node:path'
import { z } from 'zod'
import { systemClock } from '../core/clock.ts'
import { type Environment, loadConfig, netSchema } from '../core/config.ts'
import { openDatabase } from '../db/database.ts'
import { createReleaseStore } from '../queue/release-store.ts'
import { fromBase64url } from '../tee/crypto/binary.ts'
import { createVerifier, PUBLIC_KEY_BYTES } from '../tee/crypto/signature.ts'
import { headHash, type LogReport, verifyReleaseLog } from '../tee/keys/release-log.ts'
import { dataFolder } from './paths.ts'
import { EXIT, type Terminal } from './terminal.ts'
import { parseOptions, UsageError } from './usage.ts'

/** What the gateway keeps of its log: chains that ended before may be gone whole. */
const keptMs = 400 * 86_400_000

const sentences = {
  changed: 'an entry was changed',
  missing: 'an entry is missing',
  reordered: 'an entry does not follow the one before it',
  'head-forged': 'a head is not signed by this broker',
  'head-broken': 'a signed head tells of an entry that is gone or another one',
  'head-missing': 'a head that another one cites is gone',
  'attempt-missing': 'an attempt of a job that no entry tells of',
} as const

/** Exit code 0 when the log is whole, 1 when not, 2 for a wrong command line. Needs the gateways' database. */
export async function runLog(
  args: readonly string[],
  env: Environment,
  terminal: Terminal,
): Promise<number> {
  const [name, ...rest] = args
  const { values } = parseOptions(rest, {
    'broker-key': { type: 'string' },
    head: { type: 'string', multiple: true, default: [] },
    data: { type: 'string' },
    json: { type: 'boolean', default: false },
  })
  if (name !== 'verify') throw new UsageError('log takes verify.')
  const key = fromBase64url(values['broker-key'] ?? '', PUBLIC_KEY_BYTES)
  if (!key) throw new UsageError('--broker-key takes the public key that workers pin.')
  if (values.head.some((head) => !/^[0-9a-f]{64}$/.test(head)))
    throw new UsageError('--head takes what the gateway logged as release.head-signed.')
  const { CHRYSALIS_NET: net } = loadConfig(
    z.object({ CHRYSALIS_NET: netSchema.default('devnet') }),
    env,
  )
  const url = env['DATABASE_URL'] ?? `pglite:${join(dataFolder(values.data, env), 'db')}`
  const db = await openDatabase({ url, clock: systemClock })
  try {
    const store = createReleaseStore(db)
    const heads = (await store.heads()).map((head) => ({ ...head, net }))
    const report = verifyReleaseLog({
      entries: (await store.entries()).map((entry) => ({ ...entry, net })),
      heads,
      isSigned: createVerifier(key),
      attempts: await store.attempts(),
      keptFromMs: systemClock.now() - keptMs,
    })
    const known = new Set(heads.map(headHash))
    const lost = values.head.filter((head) => !known.has(head))
    show(terminal, { report, lost, isJson: values.json })
    return report.faults.length === 0 && lost.length === 0 ? EXIT.ok : EXIT.failed
  } finally {
    await db.close()
  }
}

function show(
  terminal: Terminal,
  { report, lost, isJson }: { report: LogReport; lost: readonly string[]; isJson: boolean },
): void {
  const { entries, chains, heads, faults } = report
  const ok = faults.length === 0 && lost.length === 0
  if (isJson) {
    terminal.out(JSON.stringify({ ok, entries, chains, heads, faults, lostHeads: lost }))
    return
  }
  terminal.out(
    `${String(entries)} keys released, in ${String(chains)} chains with ${String(heads)} signed heads`,
  )
  for (const { kind, of, seq } of faults) terminal.out(`${of} ${String(seq)}: ${sentences[kind]}`)
  for (const head of lost) terminal.out(`${head}: a head you kept is not here`)
  if (ok) terminal.out('The log is whole.')
  if (ok && heads > 0)
    terminal.out('Removed altogether it would be seen only against a head kept elsewhere (--head).')
}
