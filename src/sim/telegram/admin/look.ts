/** @module Admin calls that look: chats as people see them, drafts, calls, waiting updates, the world. */
import { isRecord } from '../body.ts'
import { filesOf } from '../files.ts'
import { viewOf } from '../messages.ts'
import { flatBlocks } from '../rich.ts'
import type { Sim } from '../sim.ts'
import type { Bot, Room, Stored } from '../world.ts'
import { type AdminCall, botOf, type Route, roomById, roomNamed } from './call.ts'
import { sampleFacts } from './samples.ts'

/** The messages as the chat shows them now; ephemeral ones only for their receiver, named by `as`. */
function messages(call: AdminCall): unknown {
  const room = roomById(call, call.path)
  const as = call.params.optionalInt('as')
  const seen = [...room.ephemerals.values()].filter((it) => as !== undefined && it.receiver === as)
  return [...room.messages.values(), ...seen]
    .toSorted((a, b) => idOf(a) - idOf(b))
    .map((it) => plainView(call, it))
}

const idOf = ({ message }: Stored): number => message.ephemeral_message_id ?? message.message_id

/** A message in the words of outside tests: flat and stable. */
function plainView({ sim, base }: AdminCall, stored: Stored): Record<string, unknown> {
  const { message } = stored
  const text = message.text ?? (message.rich_message && flatBlocks(message.rich_message.blocks))
  const documents = filesOf(message).map(({ id, name }) => ({
    file_name: name,
    size: sim.world.files.get(id)?.size ?? 0,
    url: `${base}/sim/files/${id}`,
  }))
  return {
    message_id: message.message_id,
    ...(message.ephemeral_message_id !== undefined && {
      ephemeral_message_id: message.ephemeral_message_id,
    }),
    from: stored.botId ?? stored.author ?? message.sender_chat?.id ?? message.from?.id,
    from_bot: stored.botId !== undefined,
    sender_chat: message.sender_chat?.id,
    text,
    caption: message.caption,
    entities: message.entities ?? message.caption_entities,
    rich: message.rich_message,
    reply_to: message.reply_to_message?.message_id,
    thread: message.message_thread_id,
    forward_origin: message.forward_origin,
    buttons: buttonsOf(message.reply_markup?.inline_keyboard.flat() ?? []),
    documents,
    reactions: stored.reactions,
    edits: stored.edits,
    date: message.date,
  }
}

const buttonsOf = (buttons: readonly unknown[]): unknown[] =>
  buttons.map((it) =>
    isRecord(it) ? { text: it['text'], data: it['callback_data'], url: it['url'] } : {},
  )

/** All of a room the page needs to draw it. */
function roomState(call: AdminCall): unknown {
  const room = roomById(call, call.path)
  return {
    key: room.key,
    messages: room.messages.values().map(viewOf).toArray(),
    ephemerals: room.ephemerals.values().map(viewOf).toArray(),
    draft: liveDraft(call, room),
    action: room.action !== undefined && room.action.until > call.sim.now() ? room.action : null,
    keyboard: room.keyboard ?? null,
    pinned: room.pinned,
  }
}

/** Whether somebody runs the bot: by long poll or by webhook. */
const isConnected = (sim: Sim, bot: Bot): boolean =>
  bot.webhook !== undefined || sim.mail.isPresent(bot.user.id)

const liveDraft = ({ sim }: AdminCall, room: Room): unknown =>
  room.draft !== undefined && room.draft.expiresAt > sim.now() ? room.draft : null

function drafts(call: AdminCall): unknown {
  const room = roomNamed(call, 'chat')
  return { frames: room.frames, shown: liveDraft(call, room) }
}

function world(call: AdminCall): unknown {
  const { sim } = call
  return {
    now: sim.now(),
    machine_now: sim.clock.now(),
    frozen: sim.world.frozenAt !== undefined,
    limits: sim.limits.enabled,
    samples: sampleFacts(),
    bots: sim.world.bots
      .values()
      .map((bot) => ({
        ...bot.user,
        privacy: bot.privacy,
        connected: isConnected(sim, bot),
        commands: Object.fromEntries(bot.commands),
        profile: Object.fromEntries(bot.profile),
      }))
      .toArray(),
    people: sim.world.people
      .values()
      .map((it) => ({ ...it.user, deactivated: it.deactivated }))
      .toArray(),
    rooms: sim.world.rooms
      .values()
      .map((room) => roomLine(room))
      .toArray(),
  }
}

function roomLine(room: Room): Record<string, unknown> {
  const last = [...room.messages.values()].at(-1)
  return {
    key: room.key,
    chat: room.chat,
    bot: room.botId,
    members: [...room.members.values()],
    topics: [...room.topics.values()],
    linked: room.linked,
    migrated_to: room.migratedTo,
    started: room.started,
    blocked: room.blocked,
    last: last === undefined ? null : viewOf(last),
    size: room.messages.size,
  }
}

export const lookRoutes: readonly Route[] = [
  { verb: 'GET', pattern: /^\/sim\/world$/, run: world },
  { verb: 'GET', pattern: /^\/sim\/chats\/(-?[\d:]+)\/messages$/, run: messages },
  { verb: 'GET', pattern: /^\/sim\/chats\/(-?[\d:]+)\/state$/, run: roomState },
  { verb: 'GET', pattern: /^\/sim\/drafts$/, run: drafts },
  {
    verb: 'GET',
    pattern: /^\/sim\/presence$/,
    run: ({ sim }) =>
      sim.world.bots
        .values()
        .map((bot) => ({ id: bot.user.id, connected: isConnected(sim, bot) }))
        .toArray(),
  },
  {
    verb: 'GET',
    pattern: /^\/sim\/calls$/,
    run: ({ sim, params }) => sim.calls.list(params.optionalText('method')),
  },
  { verb: 'GET', pattern: /^\/sim\/updates$/, run: (call) => call.sim.mail.pending(botOf(call)) },
]
