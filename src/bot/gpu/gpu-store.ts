/** @module Rows of GPU owners as the bot shows them: machines, alerts, what has to be told. */
import type { Database, Tx } from '../../db/database.ts'
import { type Earnings, earningsOf } from './earnings-store.ts'

type MachineWish = 'working' | 'paused' | 'draining'

/** A machine that was not removed. Times in ms. */
export interface OwnedMachine {
  /** What is kept of its join token. */
  readonly token: string
  readonly number: number
  readonly wish: MachineWish
  /** Absent for a token that never dies. */
  readonly unusedUntilMs?: number
  readonly isUsed: boolean
  readonly tier?: string
  readonly models: readonly string[]
  /** Models that gave no answer in its self-test, and why. */
  readonly failed: readonly { readonly model: string; readonly code: string }[]
  readonly admittedAtMs?: number
  readonly readyAtMs?: number
  readonly seenAtMs?: number
  readonly goneAtMs?: number
  readonly evidenceUntilMs?: number
  /** Why it was refused last, and not admitted since. */
  readonly refused?: string
  readonly tokenMessage?: number
  readonly progressMessage?: number
}

export interface Owed {
  readonly unpaidNano: bigint
  readonly last?: { readonly nano: bigint; readonly atMs: number; readonly tx: string }
}

export const ALERTS = ['offline', 'evidence', 'image', 'payout'] as const
type Alert = (typeof ALERTS)[number]
export type Alerts = Readonly<Record<Alert, boolean>>

export interface Notice {
  readonly id: bigint
  readonly owner: string
  readonly kind: string
  readonly machine?: number
  readonly nano?: bigint
  readonly ref: string
}

export interface GpuStore {
  machines(owner: string): Promise<readonly OwnedMachine[]>
  /** Adds a machine with its token; gives its number. */
  add(it: {
    owner: string
    token: string
    payout: string
    nowMs: number
    unusedUntilMs: number
  }): Promise<number>
  setMessages(
    token: string,
    it: { tokenMessage?: number | null; progressMessage?: number | null },
  ): Promise<void>
  setWish(owner: string, number: number, wish: MachineWish): Promise<boolean>
  /** Ends token and enrolment; sessions end with them. */
  remove(owner: string, number: number, nowMs: number): Promise<boolean>
  earnings(owner: string, nowMs: number): Promise<Earnings>
  /** `payee`: 64 hex characters. */
  owed(payee: string): Promise<Owed>
  alerts(owner: string): Promise<Alerts>
  /** Switches one alert; gives them all. */
  toggle(owner: string, alert: Alert, nowMs: number): Promise<Alerts>
  /** Which message shows each task's pay, until when; undefined: none. */
  setLive(owner: string, live: { message: number; untilMs: number } | undefined): Promise<void>
  /** Notes in which language an owner is spoken to; makes the owner's row if need be. */
  setLanguage(owner: string, ui: string, nowMs: number): Promise<void>
  languageOf(owner: string): Promise<string | undefined>
  /** The number of the owner's newest paid task; 0 for none. */
  newest(owner: string): Promise<bigint>
  lives(nowMs: number): Promise<readonly { owner: string; message: number }[]>
  /** Machines whose enrolment a message shows. */
  enrolling(): Promise<readonly (OwnedMachine & { readonly owner: string })[]>
  /** Writes down what owners have to be told of their machines and payouts, each once for each cause. */
  notice(it: { nowMs: number; offlineMs: number; evidenceMs: number }): Promise<void>
  /** Those not told yet, oldest first. */
  untold(): Promise<readonly Notice[]>
  told(id: bigint, nowMs: number): Promise<void>
  /** Everything of an owner; tokens die. Gives the number of rows. */
  forget(owner: string, nowMs: number): Promise<number>
}

const noticesAtOnce = 20
/** A refused worker tries again within half of it. */
const awayMs = 60_000

export function createGpuStore(db: Database): GpuStore {
  const { rows } = db
  return {
    machines: async (owner) => machinesOf(rows, { owner }),
    add: ({ owner, token, payout, nowMs, unusedUntilMs }) =>
      db.transaction(async (tx) => {
        const at = new Date(nowMs)
        await tx.owner.createMany({ data: [{ id: owner, createdAt: at }], skipDuplicates: true })
        await tx.$executeRaw`SELECT 1 FROM owners WHERE id = ${owner} FOR UPDATE`
        const { _max } = await tx.machine.aggregate({ where: { owner }, _max: { number: true } })
        const number = (_max.number ?? 0) + 1
        const unusedUntil = new Date(unusedUntilMs)
        const join = { hash: token, owner, payout, single: true, unusedUntil, createdAt: at }
        await tx.joinToken.create({ data: join })
        await tx.machine.create({ data: { token, owner, number, createdAt: at } })
        return number
      }),
    setMessages: async (token, data) => {
      await rows.machine.updateMany({ where: { token }, data })
    },
    setWish: async (owner, number, state) => {
      const found = await rows.machine.findFirst({ where: { owner, number, removedAt: null } })
      if (!found) return false
      const where = { hash: found.token, owner }
      return (await rows.joinToken.updateMany({ where, data: { state } })).count > 0
    },
    remove: (owner, number, nowMs) =>
      db.transaction(async (tx) => {
        const found = await tx.machine.findFirst({ where: { owner, number, removedAt: null } })
        if (!found) return false
        await removeMachine(tx, { owner, token: found.token, nowMs })
        return true
      }),
    earnings: (owner, nowMs) => earningsOf(db, owner, nowMs),
    owed: async (payee) => {
      const totals = await rows.payee.findUnique({ where: { payee } })
      const last = await rows.payout.findFirst({ where: { payee }, orderBy: { at: 'desc' } })
      return {
        unpaidNano: totals ? totals.earnedTotal - totals.paidTotal : 0n,
        ...(last && {
          last: { nano: last.amountNano, atMs: last.at.getTime(), tx: last.txHash },
        }),
      }
    },
    alerts: async (owner) => alertsOf(await rows.owner.findUnique({ where: { id: owner } })),
    toggle: (owner, alert, nowMs) =>
      db.transaction(async (tx) => {
        const createdAt = new Date(nowMs)
        await tx.owner.createMany({ data: [{ id: owner, createdAt }], skipDuplicates: true })
        const now = alertsOf(await tx.owner.findUnique({ where: { id: owner } }))
        const data = { [columns[alert]]: !now[alert] }
        return alertsOf(await tx.owner.update({ where: { id: owner }, data }))
      }),
    setLive: async (owner, live) => {
      const liveUntil = live ? new Date(live.untilMs) : null
      const data = { liveMessage: live?.message ?? null, liveUntil }
      await rows.owner.updateMany({ where: { id: owner }, data })
    },
    setLanguage: async (owner, ui, nowMs) => {
      const create = { id: owner, ui, createdAt: new Date(nowMs) }
      await rows.owner.upsert({ where: { id: owner }, create, update: { ui } })
    },
    languageOf: async (owner) => {
      const row = await rows.owner.findUnique({ where: { id: owner } })
      return row?.ui ?? undefined
    },
    newest: async (owner) => {
      const [row] = await rows.$queryRaw<{ seq: bigint | null }[]>`
        SELECT max(r.seq) AS seq
        FROM machines m JOIN machine_keys k ON k.token = m.token JOIN pay_receipts r ON r.kid = k.kid
        WHERE m.owner = ${owner}`
      return row?.seq ?? 0n
    },
    lives: async (nowMs) => {
      const where = { liveUntil: { gt: new Date(nowMs) } }
      const found = await rows.owner.findMany({ where })
      return found.flatMap(({ id, liveMessage }) =>
        liveMessage === null ? [] : [{ owner: id, message: liveMessage }],
      )
    },
    enrolling: async () => {
      const where = { progressMessage: { not: null } }
      const found = await rows.machine.findMany({ where, select: { owner: true, token: true } })
      const owners = new Map(found.map(({ owner, token }) => [token, owner]))
      const machines = await machinesOf(rows, where)
      return machines.map((it) => ({ ...it, owner: owners.get(it.token) ?? '' }))
    },
    notice: (it) => noteAlarms(db, it),
    untold: async () => {
      const found = await rows.ownerNotice.findMany({
        where: { sentAt: null },
        orderBy: { id: 'asc' },
        take: noticesAtOnce,
      })
      return found.map(({ id, owner, kind, machine, nano, ref }) => ({
        id,
        owner,
        kind,
        ...(machine !== null && { machine }),
        ...(nano !== null && { nano }),
        ref: ref ?? '',
      }))
    },
    told: async (id, nowMs) => {
      await rows.ownerNotice.updateMany({ where: { id }, data: { sentAt: new Date(nowMs) } })
    },
    forget: (owner, nowMs) =>
      db.transaction(async (tx) => {
        const machines = await tx.machine.findMany({ where: { owner } })
        const tokens = machines.map(({ token }) => token)
        for (const token of tokens) await removeMachine(tx, { owner, token, nowMs })
        const counts = [
          await tx.machineKey.deleteMany({ where: { token: { in: tokens } } }),
          await tx.machine.deleteMany({ where: { owner } }),
          await tx.joinToken.deleteMany({ where: { owner } }),
          await tx.payoutChange.deleteMany({ where: { owner } }),
          await tx.walletTicket.deleteMany({ where: { owner } }),
          await tx.walletNonce.deleteMany({ where: { owner } }),
          await tx.ownerNotice.deleteMany({ where: { owner } }),
          await tx.owner.deleteMany({ where: { id: owner } }),
        ]
        return counts.reduce((sum, { count }) => sum + count, 0)
      }),
  }
}

const columns = {
  offline: 'onOffline',
  evidence: 'onEvidence',
  image: 'onImage',
  payout: 'onPayout',
} as const satisfies Record<Alert, string>

/** An owner without a row has all of them on, as a new row has. */
const alertsOf = (
  row: { onOffline: boolean; onEvidence: boolean; onImage: boolean; onPayout: boolean } | null,
): Alerts => ({
  offline: row?.onOffline ?? true,
  evidence: row?.onEvidence ?? true,
  image: row?.onImage ?? true,
  payout: row?.onPayout ?? true,
})

async function machinesOf(
  rows: Database['rows'],
  where: { owner?: string; progressMessage?: { not: null } },
): Promise<OwnedMachine[]> {
  const found = await rows.machine.findMany({
    where: { ...where, removedAt: null },
    orderBy: [{ owner: 'asc' }, { number: 'asc' }],
  })
  const hashes = { in: found.map(({ token }) => token) }
  const tokens = await rows.joinToken.findMany({ where: { hash: hashes } })
  const byHash = new Map(tokens.map((row) => [row.hash, row]))
  return found.map((row) => {
    const join = byHash.get(row.token)
    return stripped({
      token: row.token,
      number: row.number,
      wish: join?.state ?? 'working',
      unusedUntilMs: msOf(join?.unusedUntil ?? null),
      isUsed: join?.usedAt != null,
      tier: row.tier ?? undefined,
      models: row.models?.split(',').filter((id) => id !== '') ?? [],
      failed: failedOf(row.failed),
      admittedAtMs: msOf(row.admittedAt),
      readyAtMs: msOf(row.readyAt),
      seenAtMs: msOf(row.seenAt),
      goneAtMs: msOf(row.goneAt),
      evidenceUntilMs: msOf(row.evidenceUntil),
      refused: row.refused ?? undefined,
      tokenMessage: row.tokenMessage ?? undefined,
      progressMessage: row.progressMessage ?? undefined,
    })
  })
}

/** From `model:code` joined by commas. */
const failedOf = (text: string | null): OwnedMachine['failed'] =>
  (text ?? '').split(',').flatMap((one) => {
    const [model = '', code = ''] = one.split(':')
    return model === '' ? [] : [{ model, code }]
  })

const msOf = (date: Date | null): number | undefined => date?.getTime()

type Loose<T> = { [K in keyof T]: T[K] | undefined }

/** Without the members that are undefined. */
function stripped(it: Loose<Required<OwnedMachine>> & OwnedMachineCore): OwnedMachine {
  const { token, number, wish, isUsed, models, failed, ...rest } = it
  const there = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined))
  return { token, number, wish, isUsed, models, failed, ...there }
}
type OwnedMachineCore = Pick<
  OwnedMachine,
  'token' | 'number' | 'wish' | 'isUsed' | 'models' | 'failed'
>

async function removeMachine(
  tx: Tx,
  { owner, token, nowMs }: { owner: string; token: string; nowMs: number },
): Promise<void> {
  const at = new Date(nowMs)
  const join = await tx.joinToken.findUnique({ where: { hash: token } })
  await tx.joinToken.updateMany({ where: { hash: token }, data: { revokedAt: at } })
  await tx.machine.updateMany({
    where: { token },
    data: { removedAt: at, tokenMessage: null, progressMessage: null },
  })
  const others = await tx.joinToken.count({
    where: { owner, hw: join?.hw ?? '', revokedAt: null },
  })
  if (join?.hw && others === 0) await tx.hardware.deleteMany({ where: { hw: join.hw, owner } })
}

/** Reasons in capitals that are an alert of their own, the gateway's own trouble, or a frame that came too late; those in small letters are none of the evidence. */
const notTheirs = [
  'POL_MEASUREMENT',
  'POL_DENIED',
  'POL_EXPIRED',
  'CLM_EPOCH',
  'CLM_NONCE',
  'COL_FETCH',
  'COL_SHAPE',
  'COL_TIME',
]

/** Each flag is set in the statement that finds its cause, so that two processes tell a thing once. */
async function noteAlarms(
  db: Database,
  { nowMs, offlineMs, evidenceMs }: { nowMs: number; offlineMs: number; evidenceMs: number },
): Promise<void> {
  const now = new Date(nowMs)
  const silent = new Date(nowMs - offlineMs)
  const soon = new Date(nowMs + evidenceMs)
  const away = new Date(nowMs - awayMs)
  await db.transaction(async (tx) => {
    // What is well again may be told of anew.
    await tx.machine.updateMany({
      where: { toldOffline: true, goneAt: null, seenAt: { gt: silent } },
      data: { toldOffline: false },
    })
    await tx.machine.updateMany({
      where: { toldEvidence: true, evidenceUntil: { gt: soon } },
      data: { toldEvidence: false },
    })
    await tx.machine.updateMany({
      where: { toldImage: true, refused: null },
      data: { toldImage: false },
    })
    await tx.machine.updateMany({
      where: { toldRefused: true, refused: null },
      data: { toldRefused: false },
    })
    await tx.$executeRaw`
      WITH found AS (
        UPDATE machines m SET told_offline = true FROM join_tokens j
        WHERE j.hash = m.token AND j.state = 'working' AND m.removed_at IS NULL
          AND NOT m.told_offline AND m.admitted_at IS NOT NULL
          AND (m.gone_at <= ${silent} OR m.seen_at <= ${silent})
        RETURNING m.owner, m.number)
      INSERT INTO owner_notices (owner, kind, machine, at)
      SELECT f.owner, 'offline', f.number, ${now}::timestamptz FROM found f JOIN owners o ON o.id = f.owner
      WHERE o.on_offline`
    await tx.$executeRaw`
      WITH found AS (
        UPDATE machines SET told_evidence = true
        WHERE removed_at IS NULL AND NOT told_evidence AND gone_at IS NULL
          AND tier <> 'simulated' AND evidence_until <= ${soon}
        RETURNING owner, number, evidence_until)
      INSERT INTO owner_notices (owner, kind, machine, ref, at)
      SELECT f.owner, 'evidence', f.number, to_char(f.evidence_until AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'), ${now}::timestamptz
      FROM found f JOIN owners o ON o.id = f.owner WHERE o.on_evidence`
    await tx.$executeRaw`
      WITH found AS (
        UPDATE machines SET told_image = true
        WHERE removed_at IS NULL AND NOT told_image AND admitted_at IS NOT NULL
          AND refused IN ('POL_MEASUREMENT', 'POL_DENIED')
        RETURNING owner, number, refused)
      INSERT INTO owner_notices (owner, kind, machine, ref, at)
      SELECT f.owner, 'image', f.number, f.refused, ${now}::timestamptz FROM found f JOIN owners o ON o.id = f.owner
      WHERE o.on_image`
    // A minute: most come back by themselves.
    await tx.$executeRaw`
      WITH found AS (
        UPDATE machines SET told_refused = true
        WHERE removed_at IS NULL AND NOT told_refused AND admitted_at IS NOT NULL
          AND refused ~ '^[A-Z]' AND refused <> ALL (${notTheirs})
          AND coalesce(gone_at, seen_at) <= ${away}
        RETURNING owner, number, refused)
      INSERT INTO owner_notices (owner, kind, machine, ref, at)
      SELECT f.owner, 'refused', f.number, f.refused, ${now}::timestamptz FROM found f JOIN owners o ON o.id = f.owner
      WHERE o.on_evidence`
    await tx.$executeRaw`
      WITH paid AS (
        SELECT o.id, p.amount_nano, p.tx_hash, p.at, o.on_payout
        FROM owners o JOIN payouts p ON '0:' || p.payee = o.payout
        WHERE p.at > coalesce(o.paid_told, o.linked_at)),
      moved AS (
        UPDATE owners o SET paid_told = n.at
        FROM (SELECT id, max(at) AS at FROM paid GROUP BY id) n WHERE n.id = o.id)
      INSERT INTO owner_notices (owner, kind, nano, ref, at)
      SELECT id, 'paid', amount_nano, tx_hash, ${now}::timestamptz FROM paid WHERE on_payout ORDER BY at`
  })
}
