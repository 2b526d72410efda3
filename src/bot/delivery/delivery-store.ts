/** @module Rows that say where each job's answer goes and how far it has come. No words of it. */
import type { Clock } from '../../core/clock.ts'
import { isFrontId, isJobId, parseId } from '../../core/ids.ts'
import type { Database } from '../../db/database.ts'
import type { Place } from '../place.ts'
import { chooseUi } from '../texts/texts.ts'
import { type Delivery, type DeliveryStore, flows } from './delivery.ts'

export function createDeliveryStore(deps: {
  db: Database
  botId: number
  clock: Clock
}): DeliveryStore {
  const { clock } = deps
  const { delivery } = deps.db.rows
  const botId = BigInt(deps.botId)
  const undelivered = () => ({ botId, state: { in: open.slice() } })
  const inOrder = { orderBy: { createdAt: 'asc' } } as const
  return {
    plan: async ({ place, from, to, ...row }) => {
      await delivery.createMany({
        data: [
          {
            job: row.job,
            botId,
            front: row.front,
            place: place.kind,
            chatId: BigInt(place.chatId),
            threadId: place.threadId ?? null,
            replyTo: place.replyTo ?? null,
            userId: place.userId === undefined ? null : BigInt(place.userId),
            ephemeral: place.ephemeralId ?? null,
            ui: row.ui,
            task: row.task,
            flow: row.flow,
            fromLang: from ?? null,
            toLang: to ?? null,
            draftId: row.draftId,
            createdAt: new Date(clock.now()),
          },
        ],
        skipDuplicates: true,
      })
    },
    get: async (job) => read(await delivery.findUnique({ where: { job } })),
    facts: async (job) => {
      const row = await delivery.findUnique({ where: { job } })
      if (!row || row.outcome === null) return undefined
      return {
        outcome: row.outcome,
        model: row.model ?? '',
        ...(row.weights !== null && { weights: row.weights }),
        tier: row.tier ?? '',
        tokens: row.tokens ?? 0,
        audioMs: row.audioMs ?? 0,
        attempts: row.attempts ?? 0,
        totalMs: row.totalMs ?? 0,
      }
    },
    sending: async (job) => {
      await delivery.updateMany({ where: { job, state: 'planned' }, data: { state: 'sending' } })
    },
    unsent: async (job) => {
      await delivery.updateMany({ where: { job, state: 'sending' }, data: { state: 'planned' } })
    },
    progress: async (job, parts) => {
      await delivery.updateMany({ where: { job }, data: { parts } })
    },
    settled: async (job, { state, messageId, facts }) => {
      await delivery.updateMany({
        where: { job },
        data: { state, messageId: messageId ?? null, settledAt: new Date(clock.now()), ...facts },
      })
    },
    open: async () => readAll(await delivery.findMany({ where: undelivered(), ...inOrder })),
    byDraft: async (chatId, draftId) =>
      read(await delivery.findFirst({ where: { botId, chatId: BigInt(chatId), draftId } })),
    ofMessage: async (chatId, replyTo) =>
      read(
        await delivery.findFirst({
          where: { botId, chatId: BigInt(chatId), replyTo },
          orderBy: { createdAt: 'desc' },
        }),
      ),
    drop: async (job) => {
      const { count } = await delivery.updateMany({
        where: { job, state: 'planned' },
        data: { state: 'dropped', settledAt: new Date(clock.now()) },
      })
      return count > 0
    },
    openOf: async (by) =>
      readAll(
        await delivery.findMany({
          where: {
            ...undelivered(),
            ...('userId' in by ? { userId: BigInt(by.userId) } : { chatId: BigInt(by.chatId) }),
          },
          ...inOrder,
        }),
      ),
    previewsOf: (userId, since) =>
      delivery.count({
        where: {
          botId,
          userId: BigInt(userId),
          flow: 'preview',
          createdAt: { gte: new Date(since) },
        },
      }),
    stopsOf: (userId, since) =>
      delivery.count({
        where: {
          botId,
          userId: BigInt(userId),
          outcome: 'job.cancelled',
          createdAt: { gte: new Date(since) },
        },
      }),
    sweep: async (time) => {
      await delivery.deleteMany({ where: { botId, createdAt: { lt: new Date(time) } } })
    },
    forget: async (userId) => {
      const { count } = await delivery.deleteMany({ where: { botId, userId: BigInt(userId) } })
      return count
    },
  }
}

/** Rows of before several processes could share a bot. */
const firstFront = 'bot-1'

const open: readonly Delivery['state'][] = ['planned', 'sending']

interface Row {
  readonly job: string
  readonly front: string | null
  readonly place: Place['kind']
  readonly chatId: bigint
  readonly threadId: number | null
  readonly replyTo: number | null
  readonly userId: bigint | null
  readonly ephemeral: number | null
  readonly ui: string
  readonly task: string
  readonly flow: string
  readonly fromLang: string | null
  readonly toLang: string | null
  readonly draftId: number
  readonly state: Delivery['state']
  readonly parts: number
}

const readAll = (rows: readonly Row[]): Delivery[] =>
  rows.map(read).filter((row) => row !== undefined)

function read(row: Row | null): Delivery | undefined {
  if (!row) return undefined
  return {
    job: parseId(row.job, isJobId),
    front: parseId(row.front ?? firstFront, isFrontId),
    place: {
      kind: row.place,
      chatId: Number(row.chatId),
      ...(row.threadId !== null && { threadId: row.threadId }),
      ...(row.replyTo !== null && { replyTo: row.replyTo }),
      ...(row.userId !== null && { userId: Number(row.userId) }),
      ...(row.ephemeral !== null && { ephemeralId: row.ephemeral }),
    },
    ui: chooseUi(row.ui),
    task: row.task,
    flow: flows.find((flow) => flow === row.flow) ?? 'translation',
    ...(row.fromLang !== null && { from: row.fromLang }),
    ...(row.toLang !== null && { to: row.toLang }),
    draftId: row.draftId,
    state: row.state,
    parts: row.parts,
  }
}
