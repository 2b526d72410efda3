import { type CoverageData, collectAsmCoverage, mergeCoverages } from '@ton/sandbox'
import { expect, test } from 'vitest'
import { contractCode } from '../../src/payments/contracts/code.ts'
import { registryWorld } from '../support/registry-world.ts'
import { vaultWorld } from '../support/vault-world.ts'
import { REGISTRY_SCENARIOS } from './scenarios/registry.ts'
import { VAULT_SCENARIOS } from './scenarios/vault.ts'

/** Scenarios that repeat what others cover hundreds of times: their logs would only cost time. */
const isLong = (title: string): boolean =>
  /maps stop growing|newest 2 000|out of bounds|fees of payouts/.test(title)

const suites = {
  vault: async (onLog: (log: string) => void) => {
    for (const { title, run } of VAULT_SCENARIOS) {
      if (!isLong(title)) await run((options) => vaultWorld({ ...options, onLog }))
    }
  },
  registry: async (onLog: (log: string) => void) => {
    for (const { title, run } of REGISTRY_SCENARIOS) {
      if (!isLong(title)) await run((options) => registryWorld({ ...options, onLog }))
    }
  },
}

// Reading the machine's log of every instruction takes minutes: with the long runs only. Figures: contracts/README.md.
test.skipIf(process.env['CHRYSALIS_FUZZ'] === undefined).each(['vault', 'registry'] as const)(
  'the scenarios run nearly all instructions of the %s',
  async (name) => {
    const code = contractCode(name)
    const covered: CoverageData[] = []
    let logs: string[] = []
    const flush = () => {
      if (logs.length === 0) return
      covered.push(collectAsmCoverage(code, logs.join('\n')))
      logs = []
    }
    await suites[name]((log) => {
      logs.push(log)
      if (logs.length >= 40) flush()
    })
    flush()

    const { lines } = mergeCoverages(...covered)
    const missed = lines.filter(({ info }) => info.$ === 'Uncovered').map(({ line }) => line.trim())
    const hit = lines.filter(({ info }) => info.$ === 'Covered').length
    const share = hit / (hit + missed.length)
    console.log(
      `coverage of ${name}: ${(share * 100).toFixed(1)} % of ${hit + missed.length} instructions; not run: ${missed.join(', ')}`,
    )
    expect(share).toBeGreaterThanOrEqual(0.95)
  },
  1_800_000,
)
