/** @module Ids that go on growing from one start to the next, although the world itself is forgotten. */
import type { World } from './world.ts'

/** 1 January 2026; seconds since then stay far below the ranges of the Bot API's ids. */
const beginning = 1_767_225_600_000

/**
 * Moves the counters of messages and updates past all earlier starts. A bot remembers what it has seen by these
 * ids (updates for 48 h, jobs by message), so a new message with an old id would be taken for a repetition.
 * Holds as long as no chat gets more than one message, and no bot more than 8 updates, a second on average.
 */
export function continueMessageIds(world: World, nowMs: number): void {
  const seconds = secondsSince(nowMs)
  world.firstMessageId = seconds
  for (const bot of world.bots.values()) bot.nextUpdateId = 100_000_000 + seconds * 8
}

/** Moves the counters of people and chats on: people made later must not inherit the settings of others. */
export function continuePeopleIds(world: World, nowMs: number): void {
  const seconds = secondsSince(nowMs)
  world.nextUser = 5_100_000_000 + seconds * 16
  world.nextChat = 2_200_000_000 + seconds * 4
}

const secondsSince = (nowMs: number): number => Math.max(1, Math.floor((nowMs - beginning) / 1000))
