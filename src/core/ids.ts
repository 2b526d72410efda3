/** @module Branded identifiers: strings that may stand in logs, keys and rows because they carry no content. */
import { randomBytes } from 'node:crypto'

declare const brand: unique symbol
/** A string that was made or parsed as an identifier of one kind; ids may be logged. */
export type Id<Kind extends string = string> = string & { readonly [brand]: Kind }

export type JobId = Id<'job'>
/** SHA-256 of a BullMQ lock token, 64 lower-case hex characters. */
export type LeaseId = Id<'lease'>
/** Key id of a worker or broker: first 32 hex characters of a key(set) digest. */
export type Kid = Id<'kid'>
export type BlobId = Id<'blob'>
/** Stable name of a process that submits jobs and delivers answers, e.g. `bot-1`. */
export type FrontId = Id<'front'>
/** Model id of the manifest. */
export type ModelId = Id<'model'>
/** Pool = model + tier, `[a-z0-9.-]{1,64}`. */
export type PoolId = Id<'pool'>
/** Keyed hash of a user, 32 hex characters: says that two jobs have the same owner, not who it is. */
export type OwnerId = Id<'owner'>

const hex = (text: string, length: number): boolean =>
  text.length === length && /^[0-9a-f]+$/.test(text)

export const isJobId = (text: string): text is JobId => hex(text, 32)
export const isLeaseId = (text: string): text is LeaseId => hex(text, 64)
export const isKid = (text: string): text is Kid => hex(text, 32)
export const isBlobId = (text: string): text is BlobId => hex(text, 32)
export const isOwnerId = (text: string): text is OwnerId => hex(text, 32)
export const isFrontId = (text: string): text is FrontId => /^[a-z][a-z0-9-]{0,31}$/.test(text)
export const isModelId = (text: string): text is ModelId => /^[a-z0-9][a-z0-9.-]{0,47}$/.test(text)
export const isPoolId = (text: string): text is PoolId => /^[a-z0-9][a-z0-9.-]{0,63}$/.test(text)

/** Narrows `text` with `guard`, or throws a TypeError that does not repeat the text. */
export function parseId<T extends string>(
  text: string,
  guard: (text: string) => text is T & string,
): T {
  if (!guard(text)) throw new TypeError('malformed id')
  return text
}

/** 128 random bits: not derived from user, chat or time, so nobody can guess what opens a receipt. */
export const newJobId = (): JobId => parseId(randomBytes(16).toString('hex'), isJobId)
export const newBlobId = (): BlobId => parseId(randomBytes(16).toString('hex'), isBlobId)
