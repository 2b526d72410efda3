/** @module Sealed copies of answers whose only key is carried by the button: the bot can read them when, and only when, the button is pressed. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { Clock } from '../../core/clock.ts'
import { isJobId, type JobId } from '../../core/ids.ts'
import { languageSchema, segmentSchema } from '../../tasks/task.ts'

/** Rows of sealed copies, as the bot sees them. */
export interface CopyStore {
  put(row: {
    id: string
    chatId: number
    userId?: number
    sealed: Uint8Array
    expiresAt: number
  }): Promise<void>
  /** Undefined after it expired or was deleted. */
  get(id: string): Promise<Uint8Array | undefined>
  sweep(): Promise<void>
  forget(userId: number): Promise<number>
}

const contentSchema = z.strictObject({
  v: z.literal(1),
  text: z.string(),
  language: languageSchema,
  segments: z.array(segmentSchema).optional(),
})
export type CopyContent = Readonly<z.infer<typeof contentSchema>>

const buttonSchema = z.union([
  z.strictObject({ text: z.string(), url: z.string() }),
  z.strictObject({ text: z.string(), callback_data: z.string() }),
])
/** A whole comment that may have to be sent again, and the job it answers. */
const commentSchema = z.strictObject({
  v: z.literal(2),
  job: z.custom<JobId>((id) => typeof id === 'string' && isJobId(id)),
  answer: z.strictObject({
    text: z.string(),
    style: z.enum(['outline', 'plain']),
    notes: z.array(z.string()),
    footer: z.string(),
    details: z.strictObject({ summary: z.string(), lines: z.array(z.string()) }),
    keyboard: z.array(z.array(buttonSchema)),
    isRtl: z.boolean(),
    fileName: z.string(),
    wholeInFile: z.string(),
  }),
})
type KeptComment = Readonly<z.infer<typeof commentSchema>>

/** 16 characters name the row, 43 are the key (base64url): together with the action 61 of Telegram's 64 bytes. */
export interface CopyKey {
  readonly id: string
  readonly key: string
}

interface CopyOwner {
  readonly chatId: number
  readonly userId?: number
}

export interface Copies {
  keep(content: CopyContent, owner: CopyOwner): Promise<CopyKey>
  /** Undefined when it expired, was deleted, or the key is not its key. */
  open(copy: CopyKey): Promise<CopyContent | undefined>
  /** `answer` is an `Answer` as the replies make it, which know this file. */
  keepComment(comment: { job: JobId; answer: object }, owner: CopyOwner): Promise<CopyKey>
  openComment(copy: CopyKey): Promise<KeptComment | undefined>
}

const copyLifeMs = 24 * 3_600_000

/** AES-256-GCM, `iv(12) ‖ ciphertext ‖ tag(16)`, the id as associated data; a fresh key for each copy. */
export function createCopies({ store, clock }: { store: CopyStore; clock: Clock }): Copies {
  const keep = async (content: object, { chatId, userId }: CopyOwner): Promise<CopyKey> => {
    const id = randomBytes(12).toString('base64url')
    const key = randomBytes(32)
    const iv = randomBytes(12)
    const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: 16 })
    cipher.setAAD(Buffer.from(id))
    const sealed = Buffer.concat([
      iv,
      cipher.update(JSON.stringify(content), 'utf8'),
      cipher.final(),
      cipher.getAuthTag(),
    ])
    await store.put({
      id,
      chatId,
      ...(userId !== undefined && { userId }),
      sealed,
      expiresAt: clock.now() + copyLifeMs,
    })
    return { id, key: key.toString('base64url') }
  }
  const open = async ({ id, key }: CopyKey): Promise<unknown> => {
    const sealed = await store.get(id)
    return sealed && openCopy(id, Buffer.from(key, 'base64url'), sealed)
  }
  return {
    keep,
    open: async (copy) => contentSchema.safeParse(await open(copy)).data,
    keepComment: ({ job, answer }, owner) => keep({ v: 2, job, answer }, owner),
    openComment: async (copy) => commentSchema.safeParse(await open(copy)).data,
  }
}

function openCopy(id: string, key: Buffer, sealed: Uint8Array): unknown {
  if (key.length !== 32 || sealed.length < 28) return undefined
  const end = sealed.length - 16
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12), {
      authTagLength: 16,
    })
    decipher.setAAD(Buffer.from(id))
    decipher.setAuthTag(sealed.subarray(end))
    const text = Buffer.concat([decipher.update(sealed.subarray(12, end)), decipher.final()])
    return JSON.parse(text.toString('utf8'))
  } catch {
    // Another key, or a row that was tampered with: for the person the copy is simply gone.
    return undefined
  }
}
