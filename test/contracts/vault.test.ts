import { describe, expect, test } from 'vitest'
import { TABLES } from '../support/contract-world.ts'
import { vaultWorld } from '../support/vault-world.ts'
import { VAULT_SCENARIOS } from './scenarios/vault.ts'

describe.each(TABLES)('a vault at the prices of %s', (table) => {
  test.each(VAULT_SCENARIOS.filter((it) => table === TABLES[0] || !it.once))(
    '$title',
    async ({ run }) => {
      expect.hasAssertions()
      await run((options) => vaultWorld({ ...options, table }))
    },
  )
})
