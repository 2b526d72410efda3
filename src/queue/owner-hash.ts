/** @module Keyed hashes: neither Redis nor a row may tell who asked, or which message a job belongs to. */
import { createHmac, createSecretKey } from 'node:crypto'
import { isOwnerId, type OwnerId, parseId } from '../core/ids.ts'

/** Names an asker for fairness: 16 bytes of HMAC-SHA256 under the installation's key. */
export const hashOwner = (key: Uint8Array, owner: string): OwnerId =>
  parseId(hmac(key, `owner\0${owner}`).slice(0, 32), isOwnerId)

/** Names a request, whichever front states it: a front that takes over from another finds the job that is there. */
export const hashRequest = (key: Uint8Array, requestKey: string): string =>
  hmac(key, `request\0${requestKey}`)

const hmac = (key: Uint8Array, text: string): string =>
  createHmac('sha256', createSecretKey(key)).update(text).digest('hex')
