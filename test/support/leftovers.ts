/** @module What a quiet deployment must not have any more: open rows, content, leases, queued jobs, blobs. */
import { readdirSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import type { Deployment } from './deployment.ts'

/** Everything that is still there, in words; empty when nothing is. */
export async function leftovers(deployment: Deployment): Promise<string[]> {
  return [
    ...(await rowsLeft(deployment)),
    ...(await keysLeft(deployment)),
    ...blobsLeft(deployment),
  ]
}

async function rowsLeft(deployment: Deployment): Promise<string[]> {
  const counts = {
    'jobs open': `SELECT 1 FROM jobs WHERE state IN ('queued', 'running')`,
    'jobs undelivered': `SELECT 1 FROM jobs WHERE delivered_at IS NULL`,
    'jobs with content': `SELECT 1 FROM jobs WHERE sealed_envelope IS NOT NULL OR wrapped_cek IS NOT NULL
      OR sealed_result IS NOT NULL OR wrapped_result IS NOT NULL`,
    'deliveries open': `SELECT 1 FROM deliveries WHERE state IN ('planned', 'sending')`,
    'updates open': `SELECT 1 FROM inbox WHERE state = 'open' OR sealed_update IS NOT NULL`,
  }
  const left: string[] = []
  for (const [what, sql] of Object.entries(counts)) {
    const rows = await deployment.query(sql)
    if (rows.length > 0) left.push(`${rows.length} ${what}`)
  }
  return left
}

async function keysLeft(deployment: Deployment): Promise<string[]> {
  const redis = new Redis(deployment.redis.url, { lazyConnect: true, retryStrategy: () => null })
  redis.on('error', () => undefined)
  try {
    await redis.connect()
    const keys = await redis.keys('*')
    const places = keys.filter((key) => key.includes(':fair:'))
    const endless = await Promise.all(
      places.map(async (key) => ((await redis.ttl(key)) === -1 ? [`${key} without an end`] : [])),
    )
    const queued = keys.filter((key) =>
      /:jobs:(wait|active|delayed|prioritized|paused)$|:leases$/.test(key),
    )
    return [...queued, ...endless.flat()]
  } catch {
    return ['redis is away']
  } finally {
    redis.disconnect()
  }
}

const filesOf = (deployment: Deployment): string[] => {
  try {
    return readdirSync(join(deployment.data, 'blobs'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
  } catch {
    return []
  }
}

const blobsLeft = (deployment: Deployment): string[] => filesOf(deployment).map(() => 'a blob')

/** Lets blobs that a killed bot left between file and row be as old as the sweep wants them. */
export function ageBlobs(deployment: Deployment): number {
  const files = filesOf(deployment)
  const then = new Date(Date.UTC(2020, 0, 1))
  for (const file of files) utimesSync(file, then, then)
  return files.length
}
