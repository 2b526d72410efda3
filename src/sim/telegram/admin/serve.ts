/** @module The admin side over HTTP: `/sim/…`, JSON in and out, for this machine and its own page only. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { describe } from '../../../core/describe.ts'
import { readBody } from '../body.ts'
import { sendJson } from '../bot-api.ts'
import { Params } from '../params.ts'
import { Refusal } from '../refusal.ts'
import type { Sim } from '../sim.ts'
import { actRoutes } from './acts.ts'
import type { Route } from './call.ts'
import { inlineRoutes } from './inline.ts'
import { lookRoutes } from './look.ts'
import { moneyRoutes } from './money.ts'
import { peopleRoutes } from './people.ts'
import { ruleRoutes, type Snapshots } from './rule.ts'
import { sampleRoutes } from './samples.ts'

export const adminRoutes = (snapshots: Snapshots): readonly Route[] => [
  ...peopleRoutes,
  ...actRoutes,
  ...inlineRoutes,
  ...moneyRoutes,
  ...lookRoutes,
  ...sampleRoutes,
  ...ruleRoutes(snapshots),
]

export interface AdminExchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly url: URL
  readonly base: string
}

/** Serves one admin call: its result as JSON, or `{error}` naming the field with status 400 (404 for an unknown path). */
export async function serveAdmin(
  sim: Sim,
  routes: readonly Route[],
  { request, response, url, base }: AdminExchange,
): Promise<void> {
  try {
    for (const route of routes) {
      const found = route.verb === request.method ? route.pattern.exec(url.pathname) : null
      if (found === null) continue
      const { values, files } = await readBody(request, url.searchParams)
      const params = new Params(values)
      const result = await route.run({ sim, params, files, path: found[1] ?? '', base })
      sendJson(response, 200, result)
      return
    }
    throw new Refusal(404, 'Not Found: no such path')
  } catch (error) {
    if (!(error instanceof Refusal)) sim.log.failure('admin.failed', describe(error))
    const refusal = error instanceof Refusal ? error : new Refusal(500, 'Internal Server Error')
    const text = refusal.description.replace(/^Bad Request: /, '')
    if (!response.headersSent) sendJson(response, refusal.code, { error: text })
  }
}
