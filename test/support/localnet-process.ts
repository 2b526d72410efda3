/** A local network in a process of its own, so that it can be killed: `LOCALNET_FOLDER` says where its chain is. */
import { systemClock } from '../../src/core/clock.ts'
import { createLog, stderrSink } from '../../src/core/log.ts'
import { startLocalnet } from '../../src/payments/localnet/localnet.ts'

const log = createLog('localnet', stderrSink, () => systemClock.now())
const folder = process.env['LOCALNET_FOLDER'] ?? ''
await startLocalnet({ net: 'devnet', clock: systemClock, log, port: 0, blocks: 'auto', folder })
