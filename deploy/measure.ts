/**
 * @module `node deploy/measure.ts`: the measurements that files decide, and a sentence for each that they do not.
 *   initdata --tee tdx|snp --net NET --broker-key KEY --worker-image REF@sha256:… --pause-image REF@sha256:… [--gpu cuda] [--text-model ID] [--speech-model ID] [--out FOLDER]
 *   dstack   --net NET --broker-key KEY --worker-image REF@sha256:… [--gpu cuda] [--text-model ID] [--speech-model ID] [--out FOLDER]
 *   check    --annotation TEXT            the measured value of an annotation that somebody deployed
 *   compose  FILE                         compose-hash of an app-compose.json
 *   rtmr3    --log FILE --rtmr3 HEX       replays dstack's event log
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import {
  appCompose,
  composeHash,
  fill,
  initdataOf,
  type Marks,
  measuredOf,
  NEEDS_FIRMWARE,
  replayed,
} from './measurements.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    tee: { type: 'string', default: 'tdx' },
    net: { type: 'string', default: 'testnet' },
    'broker-key': { type: 'string', default: '' },
    'worker-image': { type: 'string', default: '' },
    'pause-image': { type: 'string', default: '' },
    gpu: { type: 'string', default: 'none' },
    'text-model': { type: 'string', default: 'qwen2.5-coder-1.5b' },
    'speech-model': { type: 'string', default: 'whisper-base' },
    out: { type: 'string', default: '.' },
    annotation: { type: 'string', default: '' },
    log: { type: 'string', default: '' },
    rtmr3: { type: 'string', default: '' },
  },
})

const here = (name: string): string => readFileSync(join(import.meta.dirname, name), 'utf8')
const write = (name: string, text: string): void => {
  mkdirSync(values.out, { recursive: true })
  writeFileSync(join(values.out, name), text)
  console.log(`wrote ${join(values.out, name)}`)
}
const fail = (sentence: string): never => {
  console.error(sentence)
  process.exit(2)
}

function marks(): Marks {
  const image = values['worker-image']
  if (!/@sha256:[0-9a-f]{64}$/.test(image)) fail('--worker-image must end in @sha256:<64 hex>')
  if (!/^[A-Za-z0-9_-]{43}$/.test(values['broker-key']))
    fail('--broker-key is the public key that the gateway prints at start')
  return {
    NET: values.net,
    BROKER_KEY: values['broker-key'],
    WORKER_IMAGE: image,
    PAUSE_IMAGE: values['pause-image'],
    GPU: values.gpu,
    TEXT_MODEL: values['text-model'],
    SPEECH_MODEL: values['speech-model'],
  }
}

function initdata(): void {
  const { tee } = values
  if (tee !== 'tdx' && tee !== 'snp') return fail('--tee is tdx or snp')
  if (!/@sha256:[0-9a-f]{64}$/.test(values['pause-image']))
    fail('--pause-image must end in @sha256:<64 hex>')
  const given = marks()
  const made = initdataOf(tee, {
    'aa.toml': here('kata/aa.toml'),
    'cdh.toml': here('kata/cdh.toml'),
    'policy.rego': fill(here('kata/policy.rego'), given),
  })
  write('initdata.toml', made.toml)
  write('worker.yaml', fill(here('kata/worker.yaml'), { ...given, INITDATA: made.annotation }))
  console.log(`\npolicy entry, ${tee === 'tdx' ? 'mrConfigId' : 'hostData'}: ${made.measured}`)
  console.log('not computed here:')
  for (const line of NEEDS_FIRMWARE[tee]) console.log(`  ${line}`)
}

function dstack(): void {
  const compose = appCompose('chrysalis-worker', fill(here('dstack/docker-compose.yaml'), marks()))
  write('app-compose.json', compose)
  console.log(`\npolicy entry, composeHash: ${composeHash(Buffer.from(compose))}`)
  console.log('not computed here:')
  for (const line of NEEDS_FIRMWARE.tdx.slice(0, 4)) console.log(`  ${line}`)
}

switch (positionals[0]) {
  case 'initdata':
    initdata()
    break
  case 'dstack':
    dstack()
    break
  case 'check':
    console.log(measuredOf(values.annotation))
    break
  case 'compose':
    console.log(composeHash(readFileSync(positionals[1] ?? fail('compose takes a file'))))
    break
  case 'rtmr3': {
    const found = replayed(readFileSync(values.log, 'utf8'), values.rtmr3)
    console.log(found ?? 'the log does not replay to this register, or names no compose-hash')
    process.exitCode = found === undefined ? 1 : 0
    break
  }
  default:
    fail(
      'usage: node deploy/measure.ts initdata | dstack | check | compose | rtmr3 (see the head of the file)',
    )
}
