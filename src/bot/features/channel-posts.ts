/** @module Posts of channels whose admin switched summaries on: taken on once, again when the author changes them. */
import type { Composer } from 'grammy'
import type { Message } from 'grammy/types'
import { codeOf } from '../../core/app-error.ts'
import type { JobId } from '../../core/ids.ts'
import { Plaintext } from '../../core/plaintext.ts'
import { pairAdvice } from '../../tasks/languages.ts'
import type { Channel, ChannelStore } from '../channels/channel-store.ts'
import type { Post, PostKey, PostStore } from '../channels/post-store.ts'
import { originalOf, postHash, postText, skipOf, sourceOf } from '../channels/posts.ts'
import type { ChannelTrouble } from '../channels/trouble.ts'
import type { Ctx, Services } from '../context.ts'
import type { Place } from '../place.ts'
import { detectLanguage } from '../reading/language.ts'
import { vaultId } from '../replies/channel.ts'
import { isUiLanguage } from '../texts/texts.ts'
import type { Vault } from '../vault-port.ts'

export interface ChannelPostDeps
  extends Pick<Services, 'accept' | 'desk' | 'choice' | 'clock' | 'log'> {
  readonly channels: ChannelStore
  readonly posts: PostStore
  readonly trouble: ChannelTrouble
  readonly vault: Vault
  readonly hashKey: Uint8Array
  /** Aborts when the bot stops. */
  readonly signal: AbortSignal
}

/** One version of one post, and where its summary goes. */
interface Taken {
  readonly channel: Channel
  readonly mode: 'comment' | 'append'
  readonly key: PostKey
  readonly message: Message
  readonly place: Place
}

/** An author who polishes a post is not followed at every comma. */
const againAfterMs = 10 * 60_000
/** Older posts that are edited without having been taken on before stay as they are. */
const newForMs = 48 * 3_600_000
/** A busy network or a burst of posts is waited for, a day at most: no reader expects the summary at once. */
const patienceMs = 24 * 3_600_000
const longestPauseMs = 60_000

export function addChannelPosts(composer: Composer<Ctx>, deps: ChannelPostDeps): void {
  composer.on(['channel_post', 'edited_channel_post'], async (ctx, next) => {
    const message = withCaption(ctx.parts) ?? ctx.channelPost ?? ctx.editedChannelPost
    const channel = message && (await deps.channels.get(message.chat.id))
    if (!message || channel?.mode !== 'append') return next()
    const chatId = channel.chatId
    await takeOn(deps, ctx, {
      channel,
      mode: 'append',
      key: { chatId, messageId: message.message_id },
      message,
      place: { kind: 'append', chatId, replyTo: message.message_id },
    })
  })
  composer.on('message:is_automatic_forward', async (ctx, next) => {
    const message = withCaption(ctx.parts) ?? ctx.message
    const channel = await deps.channels.get(message.sender_chat?.id ?? 0)
    const origin = message.forward_origin
    if (channel?.mode !== 'comment' || origin?.type !== 'channel') return next()
    await takeOn(deps, ctx, {
      channel,
      mode: 'comment',
      key: { chatId: channel.chatId, messageId: origin.message_id },
      message,
      place: { kind: 'comment', chatId: message.chat.id, replyTo: message.message_id },
    })
  })
}

/** The part of an album that has the words. */
const withCaption = (parts: readonly Message[]): Message | undefined =>
  parts.find((part) => postText(part) !== '') ?? parts[0]

async function takeOn(deps: ChannelPostDeps, ctx: Ctx, taken: Taken): Promise<void> {
  const { posts, trouble, clock, hashKey } = deps
  const { channel, mode, key, message } = taken
  const skip = skipOf(message, { threshold: channel.threshold, mode })
  if (skip === 'custom-emoji') await trouble.customEmoji(key)
  if (skip) return
  const post = await posts.get(key)
  const whole = postText(message)
  // Our own edit, coming back as an update.
  if (post?.written === postHash(hashKey, whole)) return
  const source = postHash(hashKey, sourceOf(whole))
  // Known: a repeated update, or an author who changed or removed our part only, which is theirs to do.
  if (post?.source === source && post.job !== undefined) return
  if (!post && message.edit_date !== undefined && clock.now() - message.date * 1000 > newForMs)
    return
  if (post?.job !== undefined) await deps.desk.cancel(post.job)
  await posts.take(key, {
    source,
    sourceUnits: sourceOf(whole).length,
    ...(mode === 'append' && { sealed: seal(deps, taken) }),
  })
  ctx.track(submit(deps, taken, { source, waitMs: pauseBefore(post, clock.now()) }))
}

/** An author's edit of a post that has its summary waits until ten minutes after that. */
const pauseBefore = (post: Post | undefined, now: number): number =>
  post?.written === undefined ? 0 : Math.max(0, post.updatedAt + againAfterMs - now)

const seal = ({ vault }: ChannelPostDeps, { key, message }: Taken): Uint8Array =>
  vault.seal('inbox', vaultId(key), Plaintext.of(JSON.stringify(originalOf(message))))

/** Submits the job as soon as there is room for it; stops when a newer version was taken on. Idempotent by version. */
async function submit(
  deps: ChannelPostDeps,
  taken: Taken,
  { source, waitMs }: { source: string; waitMs: number },
): Promise<void> {
  const { posts, clock, log, signal } = deps
  const until = clock.now() + patienceMs
  if (waitMs > 0) await clock.sleep(waitMs, signal)
  for (let pauseMs = 1000; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    if ((await posts.get(taken.key))?.source !== source) return
    try {
      const job = await ask(deps, taken, source)
      await posts.setJob(taken.key, { source, job })
      return
    } catch (error) {
      const code = codeOf(error)
      if (code === 'funds.insufficient' || code === 'quota.spent')
        return await deps.trouble.noFunds(taken.key)
      if (!worthWaiting.has(code)) throw error
      if (clock.now() > until) {
        log.warn('post.given-up', { code })
        return
      }
    }
    await clock.sleep(pauseMs, signal)
  }
}

const worthWaiting: ReadonlySet<string> = new Set([
  'input.too-many',
  'stores.down',
  'stores.full',
  'worker.none',
])

async function ask(deps: ChannelPostDeps, taken: Taken, source: string): Promise<JobId> {
  const { channel, message, place } = taken
  const text = sourceOf(postText(message))
  const priors = [channel.language, channel.ui].filter((code) => code !== undefined)
  const detected = await detectLanguage(text, priors)
  const from = detected === 'undecided' ? undefined : detected.language
  const to = targetOf(deps, channel, from)
  return deps.accept({
    place,
    ui: isUiLanguage(to) ? to : channel.ui,
    flow: 'summary',
    work: { task: 'summarize', text, ...(from !== undefined && { from }), to },
    // The same words may come back after others: the time of the edit tells the versions apart.
    tag: `${source.slice(0, 32)}.${message.edit_date ?? 0}`,
    class: 'channel',
    payer: { kind: 'person', userId: channel.adminId },
  })
}

/** The language the admin chose, where the model can; else the post's own. */
function targetOf({ choice }: ChannelPostDeps, channel: Channel, from: string | undefined): string {
  const wanted = channel.language ?? from ?? channel.ui
  if (from === undefined || from === wanted) return wanted
  return pairAdvice(choice.textModel, from, wanted) === 'refused' ? from : wanted
}
