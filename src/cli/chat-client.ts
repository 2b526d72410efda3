/** @module One request through the simulator's chat, as a person would make it, and the answer with its facts. */
import { z } from 'zod'
import type { Clock } from '../core/clock.ts'
import type { ControlFile } from './control.ts'
import { parseSubtitles, type Segment } from './subtitle-file.ts'

export interface ChatDeps {
  /** The simulator's base URL. */
  readonly base: string
  /** The bot's user id. */
  readonly bot: number
  readonly control: ControlFile | undefined
  readonly clock: Clock
  readonly timeoutMs: number
}

export interface ChatRequest {
  readonly name: string
  readonly text?: string
  readonly file?: { readonly name: string; readonly bytes: Buffer<ArrayBuffer> }
  readonly to: string
  readonly task?: 'translate' | 'transcribe' | 'summarize'
}

export interface ChatReply {
  /** False: the bot answered with a sentence, a question or not at all. */
  readonly isAnswer: boolean
  readonly text: string
  /** What `--json` prints. */
  readonly facts: Readonly<Record<string, unknown>>
}

const buttonSchema = z.object({ text: z.string(), data: z.string().nullish() })
const blockSchema = z.looseObject({ type: z.string() })
const messageSchema = z.object({
  message_id: z.number(),
  from: z.union([z.number(), z.object({ id: z.number() })]).nullish(),
  text: z.string().nullish(),
  caption: z.string().nullish(),
  reply_to: z.number().nullish(),
  rich: z.unknown().optional(),
  buttons: z.array(buttonSchema).default([]),
  documents: z
    .array(z.object({ file_name: z.string(), size: z.number(), url: z.string() }))
    .default([]),
})
type Message = z.infer<typeof messageSchema>

const factsSchema = z.looseObject({
  task: z.string(),
  model: z.string(),
  language: z.string().nullish(),
})

/** The longest text a chat takes as a message; more goes as a file, as a person would do. */
const MAX_MESSAGE = 4096
const POLL_MS = 250

/** Sends `request` as a new person whose language is the wanted one, and waits for the final answer. */
export async function askChat(deps: ChatDeps, request: ChatRequest): Promise<ChatReply> {
  const person = await postJson(deps, '/sim/users', {
    first_name: 'Try',
    language_code: request.to,
  })
  const user = z.object({ id: z.number() }).parse(person).id
  const sent = await send(deps, user, request)
  const first = await waitForReply(deps, user, sent)
  if (!first) return silence
  const reply = await askAgainForTask(deps, { user, sent, first, request })
  return reply ?? silence
}

const silence: ChatReply = { isAnswer: false, text: 'No answer came in time.', facts: {} }

/** The bot chose a task; when another was wanted, the message is answered with that command, as in a chat. */
async function askAgainForTask(
  deps: ChatDeps,
  {
    user,
    sent,
    first,
    request,
  }: { user: number; sent: number; first: Message; request: ChatRequest },
): Promise<ChatReply | undefined> {
  const reply = await toReply(deps, user, first)
  const task = request.task
  const isWrongTask = task !== undefined && reply.facts['task'] !== task
  if (!isWrongTask || !request.file) return reply
  const material = task === 'transcribe' ? sent : first.message_id
  const asked = await postJson(deps, '/sim/messages', {
    chat: user,
    from: user,
    text: `/${task}`,
    reply_to: material,
  })
  const second = await waitForReply(deps, user, messageId(asked))
  return second && (await toReply(deps, user, second))
}

async function send(deps: ChatDeps, user: number, request: ChatRequest): Promise<number> {
  const text = request.text?.trim() ?? ''
  const command = request.task ? `/${request.task} ` : ''
  if (!request.file && command.length + text.length <= MAX_MESSAGE) {
    return messageId(
      await postJson(deps, '/sim/messages', { chat: user, from: user, text: command + text }),
    )
  }
  const file = request.file ?? { name: 'text.txt', bytes: Buffer.from(text) }
  const form = new FormData()
  form.set('chat', String(user))
  form.set('from', String(user))
  if (request.task) form.set('caption', `/${request.task}`)
  form.set(kindOf(file.name), new Blob([file.bytes]), file.name)
  return messageId(
    await read(await fetch(new URL('/sim/messages', deps.base), { method: 'POST', body: form })),
  )
}

const messageId = (answer: unknown): number =>
  z.object({ message_id: z.number() }).parse(answer).message_id

/** Telegram's kinds of upload by file name; what it does not know is a document. */
function kindOf(name: string): 'voice' | 'audio' | 'video' | 'document' {
  const extension = name.toLowerCase().split('.').at(-1) ?? ''
  if (['ogg', 'oga', 'opus'].includes(extension)) return 'voice'
  if (['mp3', 'm4a', 'wav', 'flac', 'aac'].includes(extension)) return 'audio'
  if (['mp4', 'mov', 'webm', 'mkv'].includes(extension)) return 'video'
  return 'document'
}

/** The bot's first finished message after `sent`; drafts and "typing" do not count. */
async function waitForReply(
  deps: ChatDeps,
  user: number,
  sent: number,
): Promise<Message | undefined> {
  const isLater = (message: Message): boolean =>
    message.message_id > sent && isFromBot(message, deps.bot)
  return waitForMessage(deps, user, isLater)
}

async function waitForMessage(
  deps: ChatDeps,
  user: number,
  isWanted: (message: Message) => boolean,
): Promise<Message | undefined> {
  const end = deps.clock.now() + deps.timeoutMs
  while (deps.clock.now() < end) {
    const messages = z
      .array(messageSchema)
      .parse(await read(await fetch(new URL(`/sim/chats/${String(user)}/messages`, deps.base))))
    const found = messages.find(isWanted)
    if (found) return found
    await deps.clock.sleep(POLL_MS)
  }
  return undefined
}

function isFromBot({ from }: Message, bot: number): boolean {
  return (typeof from === 'object' ? from?.id : from) === bot
}

async function toReply(deps: ChatDeps, user: number, message: Message): Promise<ChatReply> {
  const text = answerText(message)
  const job = message.buttons
    .map(({ data }) => /^i([0-9a-f]{32})$/.exec(data ?? '')?.[1])
    .find((found) => found !== undefined)
  if (job === undefined) return { isAnswer: false, text, facts: {} }
  const facts = await jobFacts(deps, job)
  const { task, language, model, ...rest } = facts ?? {}
  const segments = task === 'transcribe' ? await subtitleSegments(deps, user, message) : []
  return {
    isAnswer: true,
    text,
    facts: { task, language, output: text, segments, ...rest, model, job },
  }
}

/** Presses the `.srt` button, as a person would, and reads the times out of the file that comes. */
async function subtitleSegments(
  deps: ChatDeps,
  user: number,
  message: Message,
): Promise<Segment[]> {
  const data = message.buttons.find((button) => button.text.includes('.srt'))?.data
  if (data === undefined || data === null) return []
  await postJson(deps, '/sim/callbacks', {
    chat: user,
    from: user,
    message_id: message.message_id,
    data,
  })
  const file = await waitForMessage(deps, user, ({ message_id, documents }) => {
    return (
      message_id > message.message_id &&
      documents.some(({ file_name }) => file_name.endsWith('.srt'))
    )
  })
  const url = file?.documents[0]?.url
  return url === undefined ? [] : parseSubtitles(await (await fetch(url)).text())
}

/** The answer without the footer that stands under it. */
function answerText(message: Message): string {
  const rich = z
    .union([z.array(blockSchema), z.object({ blocks: z.array(blockSchema) })])
    .safeParse(message.rich)
  if (!rich.success) return (message.text ?? message.caption ?? '').trim()
  const blocks = Array.isArray(rich.data) ? rich.data : rich.data.blocks
  const end = blocks.findIndex(
    ({ type }) => type === 'footer' || type === 'divider' || type === 'details',
  )
  return (end < 0 ? blocks : blocks.slice(0, end)).map(flatten).filter(Boolean).join('\n\n').trim()
}

/** Rich text is a string, a list of texts, or an object with texts inside. */
function flatten(value: unknown): string {
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return value.map(flatten).join('')
  if (typeof value !== 'object' || value === null) return ''
  const parts = z
    .looseObject({
      text: z.unknown(),
      items: z.array(z.unknown()).optional(),
      blocks: z.array(z.unknown()).optional(),
    })
    .parse(value)
  if (parts.items) return parts.items.map((item) => `• ${flatten(item)}`).join('\n')
  if (parts.blocks) return parts.blocks.map(flatten).join('\n')
  return flatten(parts.text)
}

async function jobFacts(
  deps: ChatDeps,
  job: string,
): Promise<z.infer<typeof factsSchema> | undefined> {
  if (!deps.control) return undefined
  const answer = await fetch(new URL(`/jobs/${job}`, deps.control.url), {
    headers: { authorization: `Bearer ${deps.control.token}` },
  })
  return answer.ok ? factsSchema.parse(await answer.json()) : undefined
}

async function postJson(deps: ChatDeps, path: string, body: object): Promise<unknown> {
  const answer = await fetch(new URL(path, deps.base), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return read(answer)
}

async function read(answer: Response): Promise<unknown> {
  if (!answer.ok) throw new TypeError(`the simulator answered ${String(answer.status)}`)
  return answer.json()
}
