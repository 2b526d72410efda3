/** @module The control of the leak search: a marker put on purpose into every place it looks at. */
import { randomBytes } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import type { Deployment } from './deployment.ts'
import { type ChannelWatch, searchAll } from './leak-search.ts'
import type { Leak, Markers } from './markers.ts'
import { RoleProcess } from './role-process.ts'
import { until } from './until.ts'

const route = 'planted'

/** What a search must find after `plantAndSearch`. */
export const plantedPlaces = [
  'output of planted',
  'channels',
  'redis',
  'redis file',
  'rows: planted.words',
  'rows: planted.sealed',
  'database files',
  'data folder',
  'data folder: a name',
  'temporary folder',
  'shared memory',
] as const

/** Plants the marker everywhere and gives what the search finds. */
export async function plantAndSearch(
  deployment: Deployment,
  markers: Markers,
  watch: ChannelWatch,
): Promise<Leak[]> {
  const marker = markers.of(route)
  const shared = join('/dev/shm', `chrysalis-planted-${randomBytes(6).toString('hex')}`)
  try {
    await plantInRedis(deployment, marker, watch)
    await deployment.query('CREATE TABLE planted (words text, sealed bytea)')
    await deployment.query('INSERT INTO planted VALUES ($1, $2)', [
      `so ${marker} war es`,
      Buffer.from(`so ${marker} war es`, 'utf16le'),
    ])
    for (const file of [
      join(deployment.data, 'planted'),
      join(deployment.data, marker),
      join(deployment.tmp, 'planted'),
      shared,
    ])
      writeFileSync(file, Buffer.from(`so ${marker} war es`).toString('base64'))
    const role = new RoleProcess({
      name: 'planted',
      args: ['-e', `console.error(JSON.stringify({event: 'planted.done', words: '${marker}'}))`],
      env: { PATH: process.env['PATH'] ?? '' },
    })
    deployment.roles.set('planted', role)
    role.start()
    await role.line('planted.done')
    return await searchAll(deployment, markers, watch)
  } finally {
    rmSync(shared, { force: true })
  }
}

async function plantInRedis(
  deployment: Deployment,
  marker: string,
  watch: ChannelWatch,
): Promise<void> {
  const redis = new Redis(deployment.redis.url)
  try {
    const before = watch.size
    await redis.publish('planted', marker)
    await redis.xadd('planted:stream', '*', 'words', marker)
    await until('the channel was heard', () => watch.size > before)
  } finally {
    redis.disconnect()
  }
}
