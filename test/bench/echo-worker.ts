/** @module A worker process with the real session, keys, sealing and receipts, whose work is to say the text again. */
import { systemClock } from '../../src/core/clock.ts'
import { createLog } from '../../src/core/log.ts'
import { Secret } from '../../src/core/plaintext.ts'
import { pinBroker } from '../../src/tee/keys/identity.ts'
import { startSessions } from '../../src/workers/session.ts'
import { devSource } from '../support/attested.ts'
import { echoLending } from '../support/echo-lending.ts'
import { answerLease, untilAborted } from '../support/test-worker.ts'

const env = (name: string): string => process.env[name] ?? ''
/** With `ECHO_HANG` set no job ever ends, and each one that begins is a line on standard output. */
const hangs = env('ECHO_HANG') !== ''
const said = (line: string): void => {
  process.stdout.write(`${line}\n`)
}
const loop = startSessions({
  net: 'devnet',
  broker: pinBroker(env('ECHO_BROKER')),
  join: Secret.of(env('ECHO_JOIN')),
  source: devSource(),
  build: 'bench',
  urls: [env('ECHO_URL')],
  lending: echoLending({ textSlots: Number(env('ECHO_SLOTS')) }),
  work: async (session, { lease, attempt }) => {
    if (hangs) said(`started ${lease.job}`)
    const answer = hangs ? { answer: () => untilAborted(attempt.signal) } : {}
    await answerLease({ options: answer, session, lease, attempt }).catch(() =>
      attempt.fail('job.cancelled'),
    )
  },
  clock: systemClock,
  log: createLog(
    'worker',
    () => undefined,
    () => systemClock.now(),
  ),
})
said('running')
process.once('SIGTERM', () => void loop.drain(0).then(() => process.exit(0)))
// The bench is gone: nobody wants the work.
process.stdin.once('close', () => process.exit(0))
process.stdin.resume()
