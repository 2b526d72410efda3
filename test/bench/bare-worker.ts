/** @module A plain BullMQ worker process that says the text again: what the sealed line is measured against. */
import { Worker } from 'bullmq'

const env = (name: string): string => process.env[name] ?? ''
const worker = new Worker<{ text: string }>('jobs', async (job) => ({ text: job.data.text }), {
  connection: { url: env('BARE_REDIS'), maxRetriesPerRequest: null },
  prefix: '{bare:0}',
  concurrency: Number(env('BARE_SLOTS')),
  removeOnComplete: { age: 3600, count: 1000 },
})
await worker.waitUntilReady()
process.stdout.write('running\n')
process.once('SIGTERM', () => void worker.close(true).then(() => process.exit(0)))
process.stdin.once('close', () => process.exit(0))
process.stdin.resume()
