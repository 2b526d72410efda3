/** The gateway's proof endpoints and page over HTTP, with stores in the test's hands. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createHttp } from '../../src/gateway/http.ts'
import { createProofRoutes } from '../../src/gateway/proof-endpoint.ts'
import { createProofPage } from '../../src/gateway/proof-page-files.ts'
import type { FoundReceipt } from '../../src/queue/receipt-store.ts'
import { nodeHashes } from '../../src/tee/crypto/node-crypto.ts'
import { viewHash } from '../../src/tee/receipts/note.ts'
import { encodeProofLink, viewCredential } from '../../src/tee/verify/proof-link.ts'
import type { MadeProof } from './proof.ts'
import { quietLog } from './quiet-log.ts'

export interface ProofServer {
  readonly base: string
  /** Answers of the store, by job. */
  readonly receipts: Map<string, FoundReceipt>
  readonly evidence: Map<string, string>
  /** Every request's method, path with query, and body. */
  readonly requests: { readonly method: string; readonly url: string; readonly body: string }[]
  close(): void
}

export async function startProofServer(): Promise<ProofServer> {
  const receipts = new Map<string, FoundReceipt>()
  const evidence = new Map<string, string>()
  const requests: { method: string; url: string; body: string }[] = []
  const routes = [
    createProofPage(),
    ...createProofRoutes({
      receipts: { find: async (job) => receipts.get(job) },
      evidence: async (id) => evidence.get(id),
      policyText: async (epoch) => (epoch === 1 || epoch === 'latest' ? '{"epoch":1}' : undefined),
    }),
  ]
  const handle = createHttp(routes, quietLog)
  const server = createServer((request, response) => {
    const seen = { method: request.method ?? '', url: request.url ?? '', body: '' }
    requests.push(seen)
    request.on('data', (chunk: Buffer) => {
      seen.body += chunk.toString('utf8')
    })
    handle(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    base: `http://127.0.0.1:${String(port)}`,
    receipts,
    evidence,
    requests,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** Puts a made proof into the server's stores; gives its link and credential. */
export function keepProof(server: ProofServer, made: MadeProof) {
  const { receipt, note, evidence, bundle } = made
  const work = JSON.parse(receipt).event_log[2] as { job: string; evidence_id: string }
  const { job, evidence_id: evidenceId } = work
  const view = viewHash(bundle.salts.output)
  server.receipts.set(job, { kind: 'kept', view, evidenceId, document: receipt, note })
  server.evidence.set(evidenceId, evidence)
  const credential = viewCredential(bundle.salts.output, nodeHashes)
  return { job, evidenceId, credential, link: encodeProofLink({ job, ...bundle.salts }) }
}
