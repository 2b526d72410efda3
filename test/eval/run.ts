/**
 * @module `npm run eval`: measures the default models on the project's own sentences, orders and human voices.
 * `node test/eval/run.ts [--model ID] [--models FOLDER] [--minutes N] [--report]`; goes on where it was stopped.
 */
import { parseArgs } from 'node:util'
import { systemClock } from '../../src/core/clock.ts'
import { MODELS, modelOf } from '../../src/tasks/models.ts'
import { measureInjections, measureSpeech, measureTranslations, openEngines } from './measure.ts'
import { writeReports } from './report.ts'
import { openResults } from './results.ts'

const { values } = parseArgs({
  options: {
    model: { type: 'string', multiple: true, default: ['qwen2.5-coder-1.5b', 'whisper-base'] },
    models: { type: 'string', default: process.env['CHRYSALIS_MODELS'] ?? 'data/models' },
    /** No further item is begun after that. */
    minutes: { type: 'string', default: '30' },
    /** Parts: translate, injections. Speech follows from the model. */
    only: { type: 'string' },
    /** Writes the tables from what was measured before. */
    report: { type: 'boolean', default: false },
  },
})

const root = new URL('../../docs/', import.meta.url).pathname
const store = openResults(`${root}measured/models.json`)
const until = systemClock.now() + Number(values.minutes) * 60_000
const say = (line: string): void => console.log(line)

for (const model of values.report ? [] : values.model) {
  if (systemClock.now() >= until) break
  const engines = await openEngines(model, values.models)
  const options = { model, store, engines, until, say }
  try {
    if (modelOf(model, MODELS).kind === 'stt') await measureSpeech(options)
    else {
      if (values.only !== 'injections') await measureTranslations(options)
      if (values.only !== 'translate') await measureInjections(options)
    }
  } finally {
    await engines.close()
  }
}
writeReports(root, store.results)
// The native engines keep threads that do not end by themselves.
process.exit(0)
