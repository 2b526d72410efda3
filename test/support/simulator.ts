/** @module A Bot API simulator in this process, for tests: any port, an empty or the sample world, a clock to turn. */
import { type Clock, systemClock } from '../../src/core/clock.ts'
import { createLog } from '../../src/core/log.ts'
import { createSim } from '../../src/sim/telegram/create.ts'
import type { SimEvent } from '../../src/sim/telegram/events.ts'
import { methodOf } from '../../src/sim/telegram/methods/index.ts'
import { createPerson, createRoom, mainBot } from '../../src/sim/telegram/rooms.ts'
import { fillSampleWorld } from '../../src/sim/telegram/sample.ts'
import { startServer } from '../../src/sim/telegram/server.ts'
import type { Sim } from '../../src/sim/telegram/sim.ts'
import { startWebhooks } from '../../src/sim/telegram/webhook.ts'

export const testToken = '7700000001:test-token-of-the-simulated-bot-000'

/** A message as `GET /sim/chats/<id>/messages` shows it. */
export interface SeenMessage {
  readonly message_id: number
  readonly ephemeral_message_id?: number
  readonly from: number
  readonly from_bot: boolean
  readonly text?: string
  readonly caption?: string
  readonly rich?: { readonly blocks: readonly unknown[] }
  readonly reply_to?: number
  readonly thread?: number
  readonly buttons: readonly {
    readonly text: string
    readonly data?: string
    readonly url?: string
  }[]
  readonly documents: readonly {
    readonly file_name: string
    readonly size: number
    readonly url: string
  }[]
  readonly edits: number
  readonly date: number
}

export interface SeenCall {
  readonly id: number
  readonly at: number
  readonly method: string
  readonly params: Readonly<Record<string, unknown>>
  readonly ok: boolean
  readonly error_code?: number
  readonly description?: string
  readonly unknown: readonly string[]
}

/** A running simulator and the hands of the people in it. Close it, or let `await using` do so. */
export class TestSimulator {
  readonly sim: Sim
  readonly base: string
  readonly token: string
  readonly #close: () => Promise<void>

  private constructor(it: { sim: Sim; base: string; token: string; close: () => Promise<void> }) {
    this.sim = it.sim
    this.base = it.base
    this.token = it.token
    this.#close = it.close
  }

  /** `sample: true` fills the newcomer's world; flood limits are off unless `limits`; `token` names the bot. */
  static async start(
    options: { clock?: Clock; sample?: boolean; limits?: boolean; token?: string } = {},
  ): Promise<TestSimulator> {
    const clock = options.clock ?? systemClock
    const token = options.token ?? testToken
    const log = createLog(
      'sim',
      () => {},
      () => clock.now(),
    )
    const sim = createSim({ clock, log, token })
    if (options.sample === true) fillSampleWorld(sim)
    sim.limits.enabled = options.limits === true
    const ending = new AbortController()
    startWebhooks(sim, ending.signal)
    const server = await startServer(sim, 0)
    const close = async (): Promise<void> => {
      ending.abort()
      await server.close()
      refuseStrangers(sim)
    }
    return new TestSimulator({ sim, base: server.base, token, close })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close()
  }

  close(): Promise<void> {
    return this.#close()
  }

  get botId(): number {
    return mainBot(this.sim.world).user.id
  }

  /** A new person; their private chat's id is the same number. */
  person(firstName = 'Ann', language = 'en'): number {
    return createPerson(this.sim.world, { firstName, language }).user.id
  }

  /** A group, supergroup or channel; the first admin is its creator. The bot is in it only if named. */
  room(it: {
    type: 'group' | 'supergroup' | 'channel'
    title?: string
    admins: number[]
    members?: number[]
    forum?: boolean
  }): number {
    const { type, admins, members = [], title = 'Room', forum } = it
    return createRoom(this.sim.world, { type, title, admins, members, forum }).chat.id
  }

  /** `POST /sim/<path>`; throws for anything but success. */
  async post<T = Record<string, unknown>>(path: string, body: object = {}): Promise<T> {
    return read<T>(
      await fetch(`${this.base}/sim/${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    )
  }

  async get<T>(path: string): Promise<T> {
    return read<T>(await fetch(`${this.base}/sim/${path}`))
  }

  /** A text in a chat (default: the person's private chat); gives its message id. */
  async say(
    from: number,
    text: string,
    more: { chat?: number; [field: string]: unknown } = {},
  ): Promise<number> {
    const body = { chat: from, from, text, ...more }
    return (await this.post<{ message_id: number }>('messages', body)).message_id
  }

  /** A file in a chat as a voice message, audio, video or document. */
  async sendFile(
    from: number,
    kind: 'voice' | 'audio' | 'video_note' | 'video' | 'document',
    file: {
      bytes: Uint8Array
      name: string
      type?: string
      chat?: number
      fields?: Record<string, string>
    },
  ): Promise<number> {
    const form = new FormData()
    form.set('chat', String(file.chat ?? from))
    form.set('from', String(from))
    for (const [name, value] of Object.entries(file.fields ?? {})) form.set(name, value)
    form.set(kind, new Blob([new Uint8Array(file.bytes)], { type: file.type ?? '' }), file.name)
    const response = await fetch(`${this.base}/sim/messages`, { method: 'POST', body: form })
    return (await read<{ message_id: number }>(response)).message_id
  }

  async press(
    from: number,
    messageId: number,
    it: { data: string; chat?: number },
  ): Promise<string> {
    return (
      await this.post<{ id: string }>('callbacks', {
        chat: it.chat ?? from,
        from,
        message_id: messageId,
        data: it.data,
      })
    ).id
  }

  messages(chat: number, as?: number): Promise<SeenMessage[]> {
    return this.get(`chats/${chat}/messages${as === undefined ? '' : `?as=${as}`}`)
  }

  calls(method?: string): Promise<SeenCall[]> {
    return this.get(`calls${method === undefined ? '' : `?method=${method}`}`)
  }

  fault(it: Record<string, unknown>): Promise<unknown> {
    return this.post('faults', it)
  }

  /** Turns the simulated clock on; drafts whose time is over go at once. */
  advance(ms: number): Promise<unknown> {
    return this.post('clock', { advance_ms: ms })
  }

  /** Waits until `look` gives something, looking again after each event of the world. Give up by the test's timeout. */
  async until<T>(look: () => T | undefined | false | Promise<T | undefined | false>): Promise<T> {
    for (;;) {
      const news = Promise.withResolvers<void>()
      const stop = this.sim.events.listen(() => news.resolve())
      try {
        const found = await look()
        if (found !== undefined && found !== false) return found
        await news.promise
      } finally {
        stop()
      }
    }
  }

  /** The next event of a type that `fits`. */
  event(type: string, fits: (event: SimEvent) => boolean = () => true): Promise<SimEvent> {
    return new Promise((resolve) => {
      const stop = this.sim.events.listen((event) => {
        if (event.type !== type || !fits(event)) return
        stop()
        resolve(event)
      })
    })
  }

  /** The bot's messages in a chat, once there are at least `count`. */
  answers(chat: number, count = 1): Promise<SeenMessage[]> {
    return this.until(async () => {
      const seen = (await this.messages(chat)).filter((it) => it.from_bot)
      return seen.length >= count && seen
    })
  }
}

/** Whatever a test is about, a bot that calls a method nobody knows makes it fail. Tests that do so on purpose clear the calls. */
function refuseStrangers(sim: Sim): void {
  const unknown = sim.calls.list().filter((it) => methodOf(it.method.toLowerCase()) === undefined)
  if (unknown.length === 0) return
  const names = [...new Set(unknown.map((it) => it.method))]
  throw new Error(`methods the simulator does not know were called: ${names.join(', ')}`)
}

async function read<T>(response: Response): Promise<T> {
  if (!response.ok) throw new Error(`simulator: ${response.status} ${await response.text()}`)
  return (await response.json()) as T
}
