/** @module People who keep asking while processes are killed, and the count of what they got. */
import { randomInt } from 'node:crypto'
import type { Deployment } from './deployment.ts'
import type { SeenMessage, TestSimulator } from './simulator.ts'
import { babble, wavOf } from './sound.ts'

/** One request and the messages that answered it. */
export interface Asked {
  readonly bot: number
  readonly chat: number
  readonly message: number
}

export interface Reply extends Asked {
  readonly finals: readonly SeenMessage[]
}

const german = [
  'Guten Morgen! Ich hoffe, du hast gut geschlafen. Kommst du heute Abend zum Essen?',
  'Der Zug nach Hamburg hat leider wieder Verspätung, wir sehen uns erst später am Bahnhof.',
  'Kannst du bitte noch Brot und Milch mitbringen, wenn du aus dem Büro nach Hause kommst?',
] as const

/** Everybody asks again as soon as the last question was answered: mostly texts, a sound now and then. */
export function startLoad(deployment: Deployment, people: number) {
  const asked: Asked[] = []
  const over = new AbortController()
  const sound = wavOf(babble(2))

  const ask = async (bot: number, chat: number): Promise<Asked> => {
    const sim = simOf(deployment, bot)
    const text = german[asked.length % german.length] ?? ''
    const message =
      asked.length % 7 === 3
        ? await sim.sendFile(chat, 'audio', { bytes: sound, name: 'ton.wav', type: 'audio/wav' })
        : await sim.say(chat, text)
    const one = { bot, chat, message }
    asked.push(one)
    return one
  }
  const live = async (bot: number): Promise<void> => {
    const sim = simOf(deployment, bot)
    // A person of their own for each few questions, below the limit of a minute.
    while (!over.signal.aborted) {
      const chat = sim.person('Ann')
      for (let turn = 0; turn < 5 && !over.signal.aborted; turn++) {
        const one = await ask(bot, chat)
        await sim.until(async () => finalsOf(await sim.messages(chat), one).length > 0)
      }
    }
  }
  const living = Array.from({ length: people }, (_, at) => live(at % deployment.sims.length))
  return {
    asked,
    /** Nobody asks again; resolves when everything asked was answered. */
    finish: async (): Promise<void> => {
      over.abort()
      await Promise.all(living)
    },
  }
}

/** What everybody got, looked up at the end. */
export function repliesTo(deployment: Deployment, asked: readonly Asked[]): Promise<Reply[]> {
  return Promise.all(
    asked.map(async (one) => {
      const messages = await simOf(deployment, one.bot).messages(one.chat)
      return { ...one, finals: finalsOf(messages, one) }
    }),
  )
}

/** Replies that are an answer or the sentence of a failure, which both have buttons. */
const finalsOf = (messages: readonly SeenMessage[], { message }: Asked): SeenMessage[] =>
  messages.filter((it) => it.from_bot && it.reply_to === message && it.buttons.length > 0)

/** An answer has Details, the sentence of a failure has not. */
export const isAnswer = ({ buttons }: SeenMessage): boolean =>
  buttons.some(({ data }) => data?.startsWith('i') === true)

const simOf = (deployment: Deployment, bot: number): TestSimulator => {
  const sim = deployment.sims[bot]
  if (!sim) throw new Error(`no bot ${bot}`)
  return sim
}

/** Random numbers below `bound` from a seed; the same for the same seed. */
export function seeded(seed: number): (bound: number) => number {
  let state = seed >>> 0
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * bound)
  }
}

/** `CHRYSALIS_SEED`, or a new one. */
export const chooseSeed = (): number =>
  Number(process.env['CHRYSALIS_SEED'] ?? randomInt(1_000_000_000))
