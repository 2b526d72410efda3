/** @module The simulated world as plain data, so that a snapshot is one `structuredClone`. */
import type {
  BotCommand,
  Chat,
  ChatAdministratorRights,
  Message,
  ReactionType,
  ReplyKeyboardMarkup,
  RichMessage,
  Update,
  User,
} from '@grammyjs/types'

export interface Person {
  readonly user: User
  /** A deleted account: every message to it is refused. */
  deactivated: boolean
}

interface Waiting {
  readonly update: Update
  /** Simulated milliseconds after which the update is lost. */
  readonly expiresAt: number
}

interface Webhook {
  readonly url: string
  readonly secret: string | undefined
  readonly maxConnections: number
  lastErrorAt?: number
  lastError?: string
}

export interface Bot {
  readonly token: string
  readonly user: User & { readonly username: string }
  /** Privacy mode: in groups only commands, mentions and replies arrive. */
  privacy: boolean
  inlineMode: boolean
  guestMode: boolean
  topicsMode: boolean
  inlineFeedback: boolean
  allowedUpdates: string[] | undefined
  webhook: Webhook | undefined
  nextUpdateId: number
  readonly waiting: Waiting[]
  /** Key: scope and language, e.g. `default|ru`. */
  readonly commands: Map<string, BotCommand[]>
  /** Key: field and language, e.g. `name|`. */
  readonly profile: Map<string, string>
  readonly menuButtons: Map<string, unknown>
  readonly defaultRights: Map<string, ChatAdministratorRights>
}

export type Rights = ChatAdministratorRights

export interface Member {
  readonly id: number
  status: 'creator' | 'administrator' | 'member' | 'left' | 'kicked'
  rights: Rights | undefined
  anonymous: boolean
}

export interface Reaction {
  readonly actor: number
  readonly types: ReactionType[]
}

export interface Stored {
  message: Message
  edits: number
  /** The bot that sent it; only it may edit. */
  readonly botId: number | undefined
  /** The person who wrote it, also where `from` is absent (channels, anonymous admins). */
  readonly author: number | undefined
  /** Ephemeral messages are seen by this person and the bot only. */
  readonly receiver: number | undefined
  reactions: Reaction[]
  /** An ephemeral message shown in place of this message. */
  readonly replaces: number | undefined
}

export interface Draft {
  readonly draftId: number
  readonly botId: number
  readonly text: string | undefined
  readonly rich: RichMessage | undefined
  readonly canStop: boolean
  readonly keepOnStop: boolean
  readonly expiresAt: number
  readonly threadId: number | undefined
}

/** A draft call as it came, with its simulated time; `ignored` after Stop. */
interface Frame {
  readonly at: number
  readonly draftId: number
  readonly text: string
  readonly ignored: boolean
}

interface Topic {
  readonly id: number
  readonly name: string
  closed: boolean
}

export interface Room {
  /** `<id>` of a group or channel; `<bot>:<user>` of a private chat. */
  readonly key: string
  readonly chat: Chat
  /** The bot of a private chat. */
  readonly botId: number | undefined
  readonly members: Map<number, Member>
  readonly messages: Map<number, Stored>
  readonly ephemerals: Map<number, Stored>
  readonly topics: Map<number, Topic>
  nextMessageId: number
  /** Channel: its discussion group. Discussion group: its channel. */
  linked: number | undefined
  migratedTo: number | undefined
  /** Private: the person wrote or pressed Start. */
  started: boolean
  blocked: boolean
  pinned: number[]
  keyboard: ReplyKeyboardMarkup | undefined
  draft: Draft | undefined
  stoppedDrafts: number[]
  frames: Frame[]
  action: { readonly action: string; readonly until: number } | undefined
}

export interface StoredFile {
  readonly id: string
  readonly uniqueId: string
  readonly path: string
  readonly name: string
  readonly type: string
  readonly bytes: Uint8Array
  /** The size the Bot API reports; bigger than `bytes` for simulated giants. */
  readonly size: number
  linkUntil: number
}

export interface Press {
  readonly id: string
  readonly botId: number
  readonly at: number
  readonly from: number
  readonly room: string
  readonly messageId: number | undefined
  readonly ephemeralId: number | undefined
  answer:
    | { readonly text: string; readonly alert: boolean; readonly url: string | undefined }
    | undefined
}

/** An inline or guest query; `results` is what the bot answered. */
export interface Ask {
  readonly id: string
  readonly kind: 'inline' | 'guest'
  readonly botId: number
  readonly from: number
  readonly query: string
  readonly at: number
  readonly room: string | undefined
  readonly messageId: number | undefined
  results: unknown[] | undefined
}

/** What a bot offers for Stars, in a message or behind a link. */
export interface Offer {
  readonly slug: string
  readonly botId: number
  readonly title: string
  readonly description: string
  readonly payload: string
  readonly stars: number
  /** Seconds between renewals of a subscription. */
  readonly period: number | undefined
}

/** A person pressed Pay: the bot is asked, and answers within 10 s. */
export interface Checkout {
  readonly id: string
  readonly slug: string
  readonly from: number
  readonly at: number
  answer:
    | { readonly ok: true; readonly chargeId: string }
    | { readonly ok: false; readonly error: string }
    | undefined
}

export interface Payment {
  readonly chargeId: string
  readonly slug: string
  readonly from: number
  readonly at: number
  refundedAt: number | undefined
  /** The period it paid for, if it is for a subscription. */
  subscription: { readonly first: boolean; readonly until: number } | undefined
}

/** What is paid anew each period until it is canceled, under the charge id of its first payment. */
export interface Subscription {
  readonly chargeId: string
  readonly slug: string
  readonly from: number
  /** Simulated milliseconds at which the paid period ends. */
  until: number
  state: 'active' | 'canceled' | 'failed'
}

export interface World {
  readonly people: Map<number, Person>
  readonly bots: Map<number, Bot>
  readonly rooms: Map<string, Room>
  readonly files: Map<string, StoredFile>
  readonly presses: Map<string, Press>
  readonly asks: Map<string, Ask>
  readonly inlineMessages: Map<string, { readonly room: string; readonly messageId: number }>
  readonly offers: Map<string, Offer>
  /** `<room> <message>` of an invoice → its offer. */
  readonly invoices: Map<string, string>
  readonly checkouts: Map<string, Checkout>
  readonly payments: Map<string, Payment>
  readonly subscriptions: Map<string, Subscription>
  nextUser: number
  nextChat: number
  nextSerial: number
  /** Id of the first message of each new room. */
  firstMessageId: number
  /** Simulated time minus the machine's, in milliseconds. */
  clockOffsetMs: number
  /** Set while the clock stands still. */
  frozenAt: number | undefined
}

export const emptyWorld = (): World => ({
  people: new Map(),
  bots: new Map(),
  rooms: new Map(),
  files: new Map(),
  presses: new Map(),
  asks: new Map(),
  inlineMessages: new Map(),
  offers: new Map(),
  invoices: new Map(),
  checkouts: new Map(),
  payments: new Map(),
  subscriptions: new Map(),
  nextUser: 5_001_000_001,
  nextChat: 2_100_000_001,
  nextSerial: 1,
  firstMessageId: 1,
  clockOffsetMs: 0,
  frozenAt: undefined,
})

/** Rights of a full administrator of groups and channels. */
export const allRights: Rights = {
  is_anonymous: false,
  can_manage_chat: true,
  can_delete_messages: true,
  can_manage_video_chats: true,
  can_restrict_members: true,
  can_promote_members: true,
  can_change_info: true,
  can_invite_users: true,
  can_post_stories: true,
  can_edit_stories: true,
  can_delete_stories: true,
  can_post_messages: true,
  can_send_welcome_messages: true,
  can_edit_messages: true,
  can_pin_messages: true,
  can_manage_topics: true,
}

/** An administrator without any right but being one. */
export const noRights: Rights = {
  is_anonymous: false,
  can_manage_chat: true,
  can_delete_messages: false,
  can_manage_video_chats: false,
  can_restrict_members: false,
  can_promote_members: false,
  can_change_info: false,
  can_invite_users: false,
  can_post_stories: false,
  can_edit_stories: false,
  can_delete_stories: false,
  can_post_messages: false,
  can_send_welcome_messages: false,
  can_edit_messages: false,
  can_pin_messages: false,
  can_manage_topics: false,
}

export const isBusy = (member: Member | undefined): boolean =>
  member !== undefined && member.status !== 'left' && member.status !== 'kicked'

export const isAdmin = (member: Member | undefined): boolean =>
  member?.status === 'administrator' || member?.status === 'creator'

export const roomOf = (world: World, chatId: number): Room | undefined =>
  world.rooms.get(String(chatId))

export const privateKey = (botId: number, userId: number): string => `${botId}:${userId}`
