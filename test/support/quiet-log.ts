/** A log that nobody reads. */
import { createLog } from '../../src/core/log.ts'

export const quietLog = createLog(
  'test',
  () => undefined,
  () => 0,
)
