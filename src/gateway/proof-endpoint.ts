/** @module `/v1/receipts/{job}`, `/v1/evidence/{id}` and `/v1/policy/{epoch}`: what a proof is made of (API B1). */
import { isJobId } from '../core/ids.ts'
import type { ReceiptStore } from '../queue/receipt-store.ts'
import { equalBytes } from '../tee/crypto/aead.ts'
import { utf8 } from '../tee/crypto/binary.ts'
import { nodeHashes } from '../tee/crypto/node-crypto.ts'
import { credentialHash } from '../tee/verify/proof-link.ts'
import { type Exchange, errorBody, type Route, sendJson } from './http.ts'

export interface ProofSources {
  readonly receipts: ReceiptStore
  /** Canonical text of an evidence record; undefined for an unknown id. */
  readonly evidence: (id: string) => Promise<string | undefined>
  /** Canonical text of a policy document; undefined for an unknown epoch. */
  readonly policyText: (epoch: number | 'latest') => Promise<string | undefined>
}

/** A running job's receipt may be there then. */
const retryAfterS = '2'
/** Records are named by their content, so they never change. */
const yearS = 31_536_000

export function createProofRoutes(sources: ProofSources): Route[] {
  return [
    only(/^\/v1\/receipts\/([0-9a-f]{32})$/, (exchange, job) => receipt(sources, exchange, job)),
    only(/^\/v1\/evidence\/([0-9a-f]{64})$/, async ({ response }, id) => {
      const text = await sources.evidence(id)
      if (text === undefined) unknown(response, 'evidence.unknown')
      else sendJson(response, 200, { text, cacheS: yearS })
    }),
    only(/^\/v1\/policy\/(\d{1,9}|latest)$/, async ({ response }, name) => {
      const text = await sources.policyText(name === 'latest' ? name : Number(name))
      if (text === undefined) unknown(response, 'policy.unknown')
      else sendJson(response, 200, { text, ...(name !== 'latest' && { cacheS: yearS }) })
    }),
  ]
}

/** GET of one form of path. */
const only =
  (form: RegExp, serve: (exchange: Exchange, name: string) => Promise<void>): Route =>
  async (exchange) => {
    const name = form.exec(exchange.path)?.[1]
    if (name === undefined) return false
    if (exchange.request.method === 'GET') await serve(exchange, name)
    else sendJson(exchange.response, 405, { text: errorBody('method', 'Only GET is known here.') })
    return true
  }

/**
 * 401 without a credential; the same 404 for a wrong one and for a receipt that is not there; 404 with Retry-After while
 * the job runs. `?bundle=1` adds the evidence record, so that everything is in one file.
 */
async function receipt(sources: ProofSources, exchange: Exchange, job: string): Promise<void> {
  const { request, response } = exchange
  const bearer = /^Bearer ([A-Za-z0-9_-]{43})$/.exec(request.headers.authorization ?? '')?.[1]
  const shown = bearer === undefined ? undefined : credentialHash(bearer, nodeHashes)
  if (shown === undefined) {
    const text = errorBody('key.missing', 'Show the credential that follows from the proof link.')
    sendJson(response, 401, { text, headers: { 'www-authenticate': 'Bearer' } })
    return
  }
  const found = isJobId(job) ? await sources.receipts.find(job) : undefined
  if (found?.kind === 'open') {
    unknown(response, 'receipt.unknown', { 'retry-after': retryAfterS })
    return
  }
  if (!found || !equalBytes(utf8(found.view), utf8(shown))) {
    unknown(response, 'receipt.unknown')
    return
  }
  const wantsAll = exchange.query.get('bundle') === '1'
  const evidence = wantsAll ? ((await sources.evidence(found.evidenceId)) ?? 'null') : 'null'
  // Each part is canonical JSON already; spelled again it would still be the same bytes.
  const text = `{"ctx":"chrysalis/proof/1","evidence":${evidence},"note":${found.note},"receipt":${found.document},"v":1}`
  sendJson(response, 200, { text })
}

function unknown(
  response: Exchange['response'],
  code: string,
  headers: Record<string, string> = {},
): void {
  sendJson(response, 404, { text: errorBody(code, 'There is nothing of that name.'), headers })
}
