import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { isFrontId, isOwnerId, parseId } from '../../../src/core/ids.ts'
import { hashOwner, hashRequest } from '../../../src/queue/owner-hash.ts'

const key = randomBytes(32)
const front = parseId('bot-1', isFrontId)

test('an owner has one name under one key, and another under another key', () => {
  expect(hashOwner(key, '12345')).toBe(hashOwner(key, '12345'))
  expect(hashOwner(key, '12345')).not.toBe(hashOwner(randomBytes(32), '12345'))
  expect(isOwnerId(hashOwner(key, '12345'))).toBe(true)
})

test('owners and requests never share a name, and fronts keep theirs apart', () => {
  const names = [
    hashOwner(key, 'x').slice(0, 32),
    hashRequest(key, front, 'x').slice(0, 32),
    hashRequest(key, parseId('bot-2', isFrontId), 'x').slice(0, 32),
  ]

  expect(new Set(names).size).toBe(3)
})
