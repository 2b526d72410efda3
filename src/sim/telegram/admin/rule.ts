/** @module Admin calls that bend the rules: faults, limits, the clock, snapshot and restore. */
import type { FaultKind } from '../faults.ts'
import { expireDraft } from '../methods/drafts.ts'
import { badRequest } from '../refusal.ts'
import type { Sim } from '../sim.ts'
import type { World } from '../world.ts'
import type { AdminCall, Route } from './call.ts'

const kinds = [
  'error',
  'error-after',
  'html',
  'slow',
  'close-before',
  'close-after',
  'truncate-file',
  'duplicate-update',
  'reorder-updates',
] as const satisfies readonly FaultKind[]
const isKind = (text: string): text is FaultKind => kinds.some((it) => it === text)

function addFault({ sim, params }: AdminCall): unknown {
  const kind = params.optionalText('kind') ?? 'error'
  if (!isKind(kind)) throw badRequest(`kind: one of ${kinds.join(', ')} expected`)
  const times = params.optionalInt('times') ?? 1
  sim.faults.add({
    method: params.text('method').toLowerCase(),
    kind,
    errorCode: params.optionalInt('error_code') ?? (kind === 'html' ? 502 : 500),
    description: params.optionalText('description'),
    retryAfter: params.optionalInt('retry_after'),
    delayMs: params.optionalInt('delay_ms') ?? 0,
    chat: params.optionalText('chat'),
    times,
  })
  return { ok: true }
}

/** `{freeze: true}`, `{freeze: false}`, `{advance_ms: n}`; drafts whose time is over go at once. */
function setClock({ sim, params }: AdminCall): unknown {
  const { world } = sim
  const advance = params.optionalInt('advance_ms') ?? 0
  if (advance < 0) throw badRequest('advance_ms: time does not run backwards')
  if (params.has('freeze')) {
    const now = sim.now()
    if (params.flag('freeze')) world.frozenAt = now
    else {
      world.clockOffsetMs = now - sim.clock.now()
      world.frozenAt = undefined
    }
  }
  if (world.frozenAt === undefined) world.clockOffsetMs += advance
  else world.frozenAt += advance
  for (const room of world.rooms.values()) expireDraft(sim, room)
  return { now: sim.now() }
}

export interface Snapshots {
  save(sim: Sim): number
  load(sim: Sim, id: number): void
}

/** Copies of the whole world in memory; a restored world is a fresh copy each time. */
export function createSnapshots(): Snapshots {
  const saved = new Map<number, World>()
  return {
    save: (sim) => {
      const id = saved.size + 1
      saved.set(id, structuredClone(sim.world))
      return id
    },
    load: (sim, id) => {
      const found = saved.get(id)
      if (found === undefined) throw badRequest('id: unknown snapshot')
      sim.world = structuredClone(found)
      sim.limits.clear()
      sim.events.send({ type: 'world', reload: true })
    },
  }
}

export function ruleRoutes(snapshots: Snapshots): readonly Route[] {
  return [
    { verb: 'POST', pattern: /^\/sim\/faults$/, run: addFault },
    { verb: 'GET', pattern: /^\/sim\/faults$/, run: ({ sim }) => sim.faults.list() },
    {
      verb: 'DELETE',
      pattern: /^\/sim\/faults$/,
      run: ({ sim }) => {
        sim.faults.clear()
        return { ok: true }
      },
    },
    {
      verb: 'POST',
      pattern: /^\/sim\/limits$/,
      run: ({ sim, params }) => {
        sim.limits.enabled = params.flag('enabled')
        return { enabled: sim.limits.enabled }
      },
    },
    { verb: 'POST', pattern: /^\/sim\/clock$/, run: setClock },
    {
      verb: 'POST',
      pattern: /^\/sim\/snapshots$/,
      run: ({ sim }) => ({ id: snapshots.save(sim) }),
    },
    {
      verb: 'POST',
      pattern: /^\/sim\/snapshots\/(\d+)\/restore$/,
      run: ({ sim, path }) => {
        snapshots.load(sim, Number(path))
        return { ok: true }
      },
    },
  ]
}
