import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  childrenOf,
  defaultModelsMissing,
  discardSystem,
  processesOf,
  runCli,
  type System,
  startSystem,
} from '../support/system.ts'
import { wordErrorRate } from '../support/word-error-rate.ts'

const voice = fileURLToPath(
  new URL(
    '../../node_modules/nodejs-whisper/cpp/whisper.cpp/bindings/go/samples/jfk.wav',
    import.meta.url,
  ),
)
const said =
  'And so my fellow Americans, ask not what your country can do for you, ask what you can do for your country.'

const article = [
  'The council of the harbour town met on Tuesday and decided to close the old bridge for repairs. The work begins on 1 March and will take eight months.',
  'Engineers found rust in forty of its sixty beams last summer. Since then lorries heavier than 12 tonnes have had to take the northern road, which adds 9 kilometres to each trip.',
  'The repair costs two million. Half of the money comes from the region, the other half from a loan that the town will pay back over ten years. Shop owners near the bridge asked for help, because they fear that fewer people will walk by.',
  'While the bridge is closed, a ferry will cross every ten minutes between six in the morning and eleven at night. It is free for pedestrians and cyclists. The mayor said that the first boat will leave as soon as the ice is gone.',
].join('\n\n')

interface Answer {
  readonly task: string
  readonly language: string
  readonly output: string
  readonly segments: readonly { startMs: number; endMs: number; text: string }[]
  readonly model: string
  readonly weights: string
  readonly tier: string
  readonly attempts: number
  readonly job: string
  readonly units: { inTokens: number; outTokens: number; audioMs: number }
  readonly timings: { totalMs: number }
  readonly checked: Record<string, number>
}

describe.skipIf(defaultModelsMissing)('a person with the default models', () => {
  let system: System
  beforeAll(async () => {
    system = await startSystem()
  }, 120_000)
  afterAll(async () => {
    await discardSystem(system)
  })

  const ask = async (args: readonly string[], input?: string): Promise<Answer> => {
    const { code, out, err } = await runCli(
      ['try', '--json', '--data', system.dataDir, ...args],
      input,
    )
    expect({ code, err }).toEqual({ code: 0, err: '' })
    return JSON.parse(out) as Answer
  }

  test('gets a foreign message translated, with every fact of how it was done', async () => {
    const answer = await ask(['Bonjour, comment allez-vous ?'])

    expect(answer).toMatchObject({
      task: 'translate',
      language: 'en',
      tier: 'simulated',
      attempts: 1,
    })
    expect(answer.model).toBe('qwen2.5-coder-1.5b')
    expect(answer.output.toLowerCase()).toContain('how are you')
    expect(answer.weights).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect(answer.job).toMatch(/^[0-9a-f]{32}$/)
    expect(answer.units.outTokens).toBeGreaterThan(0)
  })

  test('gets a voice message of a human as text, with times', async () => {
    const answer = await ask([voice])

    expect(answer).toMatchObject({ task: 'transcribe', language: 'en', model: 'whisper-base' })
    expect(wordErrorRate(said, answer.output)).toBeLessThanOrEqual(0.15)
    expect(answer.segments.map(({ text }) => text).join(' ')).toBe(answer.output)
    expect(answer.units.audioMs).toBe(11_000)
  })

  test('gets an article from standard input as a summary whose numbers are the article’s', async () => {
    const answer = await ask(['--task', 'summarize', '-'], article)

    expect(answer).toMatchObject({ task: 'summarize', language: 'en' })
    expect(answer.output.length).toBeLessThan(article.length)
    const numbers = answer.output.match(/\d+/g) ?? []
    expect(numbers.filter((number) => !article.includes(number))).toEqual([])
  })

  test('gets a page of this machine as a summary', async () => {
    const page = createServer((_request, response) => {
      const paragraphs = article
        .split('\n\n')
        .map((text) => `<p>${text}</p>`)
        .join('')
      response.setHeader('content-type', 'text/html; charset=utf-8')
      response.end(
        `<!doctype html><html lang="en"><title>The bridge</title><article><h1>The bridge</h1>${paragraphs}</article></html>`,
      )
    })
    await new Promise<void>((resolve) => {
      page.listen(0, '127.0.0.1', resolve)
    })
    const address = page.address()
    const port = typeof address === 'object' && address ? address.port : 0

    const answer = await ask([`http://127.0.0.1:${String(port)}/bridge`])
    page.close()

    expect(answer.task).toBe('summarize')
    expect(answer.output.toLowerCase()).toContain('bridge')
  })

  test('gets a sentence and exit code 1 for what the bot cannot do', async () => {
    const file = join(system.dataDir, 'noise.bin')
    writeFileSync(file, Buffer.alloc(4000, 7))

    const { code, err } = await runCli(['try', '--data', system.dataDir, file])

    expect(code).toBe(1)
    expect(err.length).toBeGreaterThan(20)
  })

  test('sees a worker among the processes that has neither Redis, database nor Telegram settings', () => {
    const worker = childrenOf(system.pid).find(({ command }) => command.includes('worker'))

    expect(worker).toBeDefined()
    const environment = readFileSync(`/proc/${String(worker?.pid)}/environ`, 'utf8')
    expect(environment).not.toMatch(/REDIS_URL|DATABASE_URL|TELEGRAM/)
  })

  test('is told plainly when the port or the data folder is taken', async () => {
    const port = new URL(system.base).port
    const folder = await runCli(['start', '--data', system.dataDir, '--port', '1024'])
    const busy = await runCli(['start', '--data', `${system.dataDir}-other`, '--port', port])

    expect([folder.code, busy.code]).toEqual([1, 1])
    expect(folder.err).toContain('config.data-folder')
    expect(busy.err).toContain('config.port-in-use')
    expect(processesOf(`${system.dataDir}-other`)).toEqual([])
  })

  test('leaves no process behind after Ctrl-C, and what was answered is still known to nobody', async () => {
    const code = await system.stop()

    expect(code).toBe(0)
    expect(processesOf(system.dataDir)).toEqual([])
    const log = readFileSync(join(system.dataDir, 'chrysalis.log'), 'utf8')
    expect(log).not.toContain('Bonjour')
    expect(log).not.toContain('Americans')
  })
})

test('a wrong command line is answered with a sentence and exit code 2', async () => {
  const results = await Promise.all([
    runCli(['dance']),
    runCli(['start', '--port', 'many']),
    runCli(['try']),
    runCli(['try', '--task', 'sing', 'x']),
    runCli(['models', 'burn']),
  ])

  expect(results.map(({ code }) => code)).toEqual([2, 2, 2, 2, 2])
})

test('a role on its own names every missing setting and opens nothing', async () => {
  const [bot, worker] = await Promise.all([runCli(['bot']), runCli(['worker'])])

  expect([bot.code, worker.code]).toEqual([2, 2])
  expect(bot.err).toContain('DATABASE_URL')
  expect(worker.err).toContain('CHRYSALIS_JOIN')
  expect(worker.err).not.toMatch(/REDIS|DATABASE|TELEGRAM/)
})
