import { describe, expect, test } from 'vitest'
import { TABLES } from '../support/contract-world.ts'
import { registryWorld } from '../support/registry-world.ts'
import { REGISTRY_SCENARIOS } from './scenarios/registry.ts'

describe.each(TABLES)('the registry at the prices of %s', (table) => {
  test.each(REGISTRY_SCENARIOS.filter((it) => table === TABLES[0] || !it.once))(
    '$title',
    async ({ run }) => {
      expect.hasAssertions()
      await run((options) => registryWorld({ ...options, table }))
    },
  )
})
