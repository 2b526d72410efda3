import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { isOwnerId } from '../../../src/core/ids.ts'
import { hashOwner, hashRequest } from '../../../src/queue/owner-hash.ts'

const key = randomBytes(32)

test('an owner has one name under one key, and another under another key', () => {
  expect(hashOwner(key, '12345')).toBe(hashOwner(key, '12345'))
  expect(hashOwner(key, '12345')).not.toBe(hashOwner(randomBytes(32), '12345'))
  expect(isOwnerId(hashOwner(key, '12345'))).toBe(true)
})

test('owners and requests never share a name, and a request has one name whoever states it', () => {
  expect(hashOwner(key, 'x').slice(0, 32)).not.toBe(hashRequest(key, 'x').slice(0, 32))
  expect(hashRequest(key, 'x')).toBe(hashRequest(key, 'x'))
  expect(hashRequest(key, 'x')).not.toBe(hashRequest(key, 'y'))
})
