import { expect, test } from 'vitest'
import { openMemoryRows } from '../../bench/memory-rows.ts'
import { openWorld, request } from '../../support/queue-world.ts'
import { until } from '../../support/until.ts'

test('rows in memory carry a job from its submission to its delivery, and the queue forgets it', async () => {
  const world = await openWorld({ database: openMemoryRows() })
  const front = await world.openFront()
  const gateway = await world.openGateway()
  world.openWorker(gateway.url)

  const { job } = await front.desk.submit(request('over rows in memory'))
  const { finished } = await until('delivery', () => front.of(job))
  await until('forgotten', async () =>
    (await world.db.rows.job.count({ where: { id: job } })) === 0 ? true : undefined,
  )
  await world.close()

  expect(finished).toMatchObject({ job, state: 'done' })
  expect(world.lines.filter((line) => line.includes('"level":"error"'))).toEqual([])
})
