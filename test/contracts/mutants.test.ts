import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Cell } from '@ton/core'
import { expect, test } from 'vitest'
import { type ContractName, contractCode } from '../../src/payments/contracts/code.ts'
import { coins } from '../support/contract-world.ts'
import { codeOf, type Mutant, mutantsOf, withOneCompiler } from '../support/mutants.ts'
import { registryWorld } from '../support/registry-world.ts'
import { vaultWorld } from '../support/vault-world.ts'
import { CASES } from './messages.ts'
import { lowValues, strangers, unbounceable } from './scenarios/every-message.ts'
import { REGISTRY_SCENARIOS } from './scenarios/registry.ts'
import { VAULT_SCENARIOS } from './scenarios/vault.ts'

interface Listed {
  readonly path: string
  readonly source: string
  readonly mutant: string
  readonly reason: string
}

// Mutants that no test can or need tell from the contract, each with its reason.
const listed = JSON.parse(
  readFileSync(join(import.meta.dirname, 'mutants.json'), 'utf8'),
) as Listed[]
const listedAs = (it: Mutant) =>
  listed.find((row) => row.path === it.path && row.source === it.source && row.mutant === it.mutant)

// `all`, `listed` for those of the list, `k/n` for the mutants k, k + n, k + 2n …, or lines (`vault/fees.tolk:15,…`);
// by itself a small share that is always the same.
const USUAL = '7/180'
const asked = process.env['CHRYSALIS_MUTANTS'] ?? USUAL
const share = /^(\d+)\/(\d+)$/.exec(asked)
function isAsked(mutant: Mutant, at: number): boolean {
  if (share) return at % Number(share[2]) === Number(share[1])
  if (asked === 'all') return true
  if (asked === 'listed') return listedAs(mutant) !== undefined
  return asked.split(',').includes(`${mutant.path}:${mutant.line}`)
}

// The dearer prices: rent of a single bit shows.
const table = 'pre-april-2026'

interface Check {
  readonly title: string
  readonly run: (code: Cell) => Promise<void>
}

const sweepsOf = (name: ContractName): Check[] =>
  CASES.filter((it) => it.name.startsWith(name)).flatMap((it) => [
    { title: `strangers: ${it.name}`, run: (code) => strangers(it, { code, table }) },
    { title: `unbounceable: ${it.name}`, run: (code) => unbounceable(it, { code, table }) },
    {
      title: `low values: ${it.name}`,
      run: (code) => lowValues(it, { code, table }, coins(0.001)),
    },
  ])

const CHECKS: Record<ContractName, readonly Check[]> = {
  vault: [
    ...VAULT_SCENARIOS.map(({ title, run }) => ({
      title,
      run: (code: Cell) => run((options) => vaultWorld({ ...options, code, table })),
    })),
    ...sweepsOf('vault'),
  ],
  registry: [
    ...REGISTRY_SCENARIOS.map(({ title, run }) => ({
      title,
      run: (code: Cell) => run((options) => registryWorld({ ...options, code, table })),
    })),
    ...sweepsOf('registry'),
  ],
}

/** The checks, cheap ones first, and all of them passed by the contract as it is. */
async function byCost(name: ContractName): Promise<Check[]> {
  const timed: { check: Check; ms: number }[] = []
  for (const check of CHECKS[name]) {
    const from = performance.now()
    await check.run(contractCode(name))
    timed.push({ check, ms: performance.now() - from })
  }
  timed.sort((a, b) => a.ms - b.ms)
  return timed.map(({ check }) => check)
}

type Verdict = 'killed' | 'same code' | 'does not compile' | 'survived' | 'listed'

test.each(['vault', 'registry'] as const)(
  'a small wrong in the %s is noticed by a promise, or stands in the list with its reason',
  async (name) => {
    const mutants = mutantsOf(name).filter(isAsked)
    const counts: Record<Verdict, number> = {
      killed: 0,
      'same code': 0,
      'does not compile': 0,
      survived: 0,
      listed: 0,
    }
    const unlisted: string[] = []
    await withOneCompiler(async () => {
      // Measuring costs more than a few mutants.
      const checks = mutants.length < 20 ? [...CHECKS[name]] : await byCost(name)
      for (const mutant of mutants) {
        // One of the list may survive, which takes every check: it is run where the list is asked for.
        const isSkipped = asked !== 'listed' && listedAs(mutant) !== undefined
        const verdict = isSkipped ? 'listed' : await judge(mutant, checks)
        counts[verdict]++
        if (verdict === 'survived' && !listedAs(mutant)) unlisted.push(told(mutant))
        if (asked !== USUAL && (verdict === 'survived' || verdict === 'does not compile')) {
          console.log(`${verdict}: ${told(mutant)}`)
        }
      }
    })

    console.log(`mutants of ${name} (${asked}): ${mutants.length}, ${JSON.stringify(counts)}`)
    expect(unlisted).toEqual([])
  },
  7_200_000,
)

async function judge(mutant: Mutant, checks: Check[]): Promise<Verdict> {
  const code = await codeOf(mutant)
  if (!code) return 'does not compile'
  if (code.equals(contractCode(mutant.contract))) return 'same code'
  for (const [at, { run }] of checks.entries()) {
    const isPassed = await run(code).then(
      () => true,
      () => false,
    )
    if (isPassed) continue
    // What noticed this one is likely to notice its neighbour.
    checks.unshift(...checks.splice(at, 1))
    return 'killed'
  }
  return 'survived'
}

const told = ({ path, line, source, mutant }: Mutant): string =>
  `${path}:${line} «${source}» → «${mutant}»`
