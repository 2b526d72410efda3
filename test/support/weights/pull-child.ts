/** @module A process of its own that pulls one model and tells how far it is; started by tests that kill it. */
import { pullModel } from '../../../src/workers/models/pull.ts'
import { hubSource, pullingInto, rowOf } from './pulling.ts'

const [folder = '', base = '', size = '', sha256 = ''] = process.argv.slice(2)
const row = rowOf(new Uint8Array(), [hubSource], { size: Number(size), sha256 })
await pullModel(row, {
  ...pullingInto(folder, { base }),
  onEvent: (event) => {
    if (event.kind === 'bytes') process.stdout.write(`${String(event.done)}\n`)
    if (event.kind === 'waiting') process.stdout.write('waiting\n')
    if (event.kind === 'done') process.stdout.write(`${event.was}\n`)
  },
})
