/** @module `chrysalis try`: sends things to the running system as a person would, through the chat side, and prints the answers. */
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { text as readAll } from 'node:stream/consumers'
import { z } from 'zod'
import { systemClock } from '../core/clock.ts'
import type { Environment } from '../core/config.ts'
import { askChat, type ChatReply, type ChatRequest } from './chat-client.ts'
import { readControl } from './control.ts'
import { dataFolder } from './paths.ts'
import { EXIT, type Terminal } from './terminal.ts'
import { parseOptions, UsageError } from './usage.ts'

const simFileSchema = z.object({ base: z.url(), bot: z.object({ id: z.number() }) })

const TASKS = ['translate', 'transcribe', 'summarize'] as const
type TaskName = (typeof TASKS)[number]
const isTaskName = (text: string | undefined): text is TaskName =>
  TASKS.some((task) => task === text)

/** Several requests run side by side, as far as one person may have jobs open. */
const AT_ONCE = 2

/** Exit code 0 only when every request got a real answer. */
export async function runTry(
  args: readonly string[],
  env: Environment,
  terminal: Terminal,
): Promise<number> {
  const { values, positionals } = parseOptions(
    args,
    {
      to: { type: 'string', default: 'en' },
      task: { type: 'string' },
      json: { type: 'boolean', default: false },
      data: { type: 'string' },
      timeout: { type: 'string', default: '600' },
    },
    'positionals',
  )
  if (values.task !== undefined && !isTaskName(values.task)) {
    throw new UsageError(`--task takes ${TASKS.join(', ')}.`)
  }
  if (!/^[a-z]{2,3}$/.test(values.to))
    throw new UsageError('--to takes a language code such as en, de or ru.')
  const seconds = Number(values.timeout)
  if (!Number.isFinite(seconds) || seconds <= 0) throw new UsageError('--timeout takes seconds.')
  const inputs = await collectInputs(positionals)
  const data = dataFolder(values.data, env)
  const sim = readSimFile(data)
  if (!sim) {
    terminal.err(`No running system uses the data folder ${data}. Start one: ./chrysalis start`)
    return EXIT.failed
  }

  const task = isTaskName(values.task) ? values.task : undefined
  const requests = inputs.map(
    (input): ChatRequest => ({ ...input, to: values.to, ...(task && { task }) }),
  )
  const chat = {
    base: sim.base,
    bot: sim.bot.id,
    control: readControl(data),
    clock: systemClock,
    timeoutMs: seconds * 1000,
  }
  let done = 0
  const results = await mapAtOnce(requests, async (request) => {
    const reply = await askChat(chat, request)
    done++
    if (requests.length > 1)
      terminal.err(`${String(done)} of ${String(requests.length)}: ${request.name}`)
    return reply
  })
  results.forEach((reply, at) => printReply(reply, requests[at], { json: values.json, terminal }))
  return results.every(({ isAnswer }) => isAnswer) ? EXIT.ok : EXIT.failed
}

interface Input {
  /** How the request is called in progress lines: a file name or `text`. */
  readonly name: string
  readonly text?: string
  readonly file?: { readonly name: string; readonly bytes: Buffer<ArrayBuffer> }
}

/** Existing files are sent as files, `-` is standard input, everything else is one text (so quotes are optional). */
async function collectInputs(positionals: readonly string[]): Promise<Input[]> {
  if (positionals.length === 0)
    throw new UsageError('Give a text, files, a link, or - for standard input.')
  if (positionals.length === 1 && positionals[0] === '-') {
    return [{ name: 'standard input', text: await readAll(process.stdin) }]
  }
  const files = positionals.filter(isFile)
  if (files.length === 0) return [{ name: 'text', text: positionals.join(' ') }]
  const strays = positionals.filter((path) => !isFile(path))
  if (strays.length > 0) throw new UsageError(`There is no file ${strays.join(', ')}.`)
  return files.map((path) => {
    const name = path.split('/').at(-1) ?? 'file'
    return { name, file: { name, bytes: Buffer.from(readFileSync(path)) } }
  })
}

/** A text is longer than any path may be, or holds what none may: whatever the system refuses to look up is no file. */
function isFile(path: string): boolean {
  try {
    return statSync(path).isFile()
  } catch {
    return false
  }
}

function readSimFile(data: string): z.infer<typeof simFileSchema> | undefined {
  try {
    return simFileSchema.parse(JSON.parse(readFileSync(join(data, 'sim.json'), 'utf8')))
  } catch {
    return undefined
  }
}

async function mapAtOnce<T, R>(items: readonly T[], run: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  let next = 0
  const lane = async (): Promise<void> => {
    for (let at = next++; at < items.length; at = next++) {
      const item = items[at]
      if (item !== undefined) results[at] = await run(item)
    }
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, lane))
  return results
}

function printReply(
  reply: ChatReply,
  request: ChatRequest | undefined,
  { json, terminal }: { json: boolean; terminal: Terminal },
): void {
  if (json) {
    terminal.out(JSON.stringify(reply.isAnswer ? reply.facts : { error: reply.text }))
    return
  }
  if (request?.file) terminal.out(`── ${request.name}`)
  const write = reply.isAnswer ? terminal.out : terminal.err
  write(reply.text)
}
