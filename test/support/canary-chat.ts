/** @module How the canary's people write: carriers around a marker, and the answers that bring it back. */
import type { Deployment } from './deployment.ts'
import type { Markers } from './markers.ts'
import type { SeenMessage } from './simulator.ts'
import { until } from './until.ts'

const lines = [
  'Guten Morgen, meine Lieben! Ich hoffe, ihr habt alle gut geschlafen und hattet ein schönes Wochenende mit der Familie.',
  'Heute Abend treffen wir uns um sieben Uhr im Garten, danach gehen wir alle zusammen mit den neuen Nachbarn essen.',
  'Könnt ihr bitte noch Brot, Käse und etwas zu trinken mitbringen? Für Kuchen haben wir schon gesorgt. Bis später!',
]

/** A German message with `words` on a line of their own, where a random word does not change what language it is. */
export const german = (words: string): string =>
  [...lines, words, ...lines.slice(0, 1)].join('\n\n')

/** An English text long enough to be summarised. */
export const article = (words: string): string =>
  `The old bridge of ${words} over the river opens again on Saturday after three years of repairs. `
    .repeat(9)
    .trim()

export const htmlPage = (words: string): string =>
  `<!doctype html><html lang="en"><title>News</title><article><h1>News</h1>${`<p>${article(words)}</p>`.repeat(2)}</article></html>`

export class CanaryChat {
  readonly #deployment: Deployment
  readonly #markers: Markers

  constructor(deployment: Deployment, markers: Markers) {
    this.#deployment = deployment
    this.#markers = markers
  }

  /** Everybody's name is a marker. */
  person(): number {
    return this.#deployment.sim.person(this.#markers.of('name of the sender'))
  }

  /** A newcomer writes a message about the route's marker; gives their chat. */
  async say(route: string, order = ''): Promise<number> {
    const chat = this.person()
    await this.#deployment.sim.say(chat, german(`${this.#markers.of(route)} ${order}`.trim()))
    return chat
  }

  /** The bot's message that shows the route's marker; `as`: also what only this person sees. */
  answer(chat: number, route: string, as?: number): Promise<SeenMessage> {
    const marker = this.#markers.of(route)
    const { sim } = this.#deployment
    return sim.until(async () =>
      (await sim.messages(chat, as)).find(
        (it) => it.from_bot && JSON.stringify(it).includes(marker),
      ),
    )
  }

  /** The bot's first message, whatever it says. */
  async reply(chat: number): Promise<SeenMessage | undefined> {
    return (await this.#deployment.sim.answers(chat))[0]
  }

  /** The job that answers in a chat, once it has a row. */
  job(chat: number): Promise<string> {
    return until('a row', async () => {
      const rows = await this.#deployment.query<{ job: string }>(
        'SELECT job FROM deliveries WHERE chat_id = $1',
        [chat],
      )
      return rows[0]?.job
    })
  }
}
