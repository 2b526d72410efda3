/** @module `GET /.well-known/attestation?nonce=`: what a client verifies before it trusts this gateway with anything (API B3). */
import { randomBytes } from 'node:crypto'
import type { Clock } from '../core/clock.ts'
import type { Net } from '../core/config.ts'
import type { Keyset } from '../core/frames.ts'
import type { Attestation, GatewayClaims } from '../tee/client/attested.ts'
import { type BatchPlace, batchOf } from '../tee/client/nonce-batch.ts'
import { fromBase64url, toBase64url, toHex } from '../tee/crypto/binary.ts'
import { KEM_ALGO } from '../tee/crypto/kem.ts'
import { nodeHashes } from '../tee/crypto/node-crypto.ts'
import type { EpochKeys } from '../tee/keys/epoch-keys.ts'
import { keysetDigest } from '../tee/keys/keyset.ts'
import { reportDataOf } from '../tee/verify/claims.ts'
import { errorBody, type Route, sendJson } from './http.ts'

/** A: on its operator's machine. B: in a confidential VM. D: devnet. */
type GatewayProfile = 'A' | 'B' | 'D'

/** Evidence of the machine this process runs in; absent in profile A. */
export interface GatewaySource {
  readonly tee: 'tdx' | 'snp'
  quote(reportData: Uint8Array): Promise<{ quote: Uint8Array; eventLog?: string }>
}

export interface AttestationDeps {
  readonly net: Net
  /** Base64url of the broker's public key. */
  readonly brokerKey: string
  readonly epochKeys: EpochKeys
  /** Policy epoch now. */
  readonly epoch: () => number
  readonly source?: GatewaySource
  readonly provenance?: Attestation['provenance']
  readonly clock: Clock
}

/** Everybody who asks within this shares one quote: one takes about 40 ms, and they are made one after the other. */
const BATCH_MS = 100
const PER_MINUTE = 10
const MINUTE_MS = 60_000
const MAX_ADDRESSES = 10_000
const NONCE = /^[0-9a-f]{64}$/

const statements = {
  A: 'The operator of this gateway can read what passes through it.',
  B: undefined,
  D: 'Test network: simulated, nothing here is proven.',
} as const

const unknownProvenance = { repo: '', commit: '', imageDigest: '' }

/** The answer for one nonce; those who ask within a tenth of a second get one quote over the root of their nonces. */
function createAttestation(deps: AttestationDeps): (nonce: string) => Promise<Attestation> {
  const { net, clock, source } = deps
  const profile: GatewayProfile = net === 'devnet' ? 'D' : source ? 'B' : 'A'
  let waiting: { nonces: string[]; answers: Promise<readonly Attestation[]> } | undefined

  const keysetNow = async (): Promise<Keyset> => {
    const { kem, notAfter } = await deps.epochKeys.current()
    const broker = fromBase64url(deps.brokerKey) ?? new Uint8Array(0)
    return {
      e2ee_public_keys: [{ algo: KEM_ALGO, key_id: 'e1', public_key: toHex(kem.publicBytes) }],
      not_after: notAfter,
      receipt_signing_keys: [{ algo: 'ed25519', key_id: 'b1', public_key: toHex(broker) }],
      subject: `chrysalis:${net}`,
      tls_public_keys: [],
    }
  }
  const evidenceOf = async (claims: GatewayClaims): Promise<Attestation['evidence']> => {
    if (!source) return profile === 'D' ? { tee: 'sim', quote: '' } : null
    const { quote, eventLog } = await source.quote(reportDataOf(claims, nodeHashes))
    return {
      tee: source.tee,
      quote: toBase64url(quote),
      ...(eventLog !== undefined && { eventLog }),
    }
  }
  const answerAll = async (nonces: readonly string[]): Promise<readonly Attestation[]> => {
    const keyset = await keysetNow()
    const { root, places } = batchOf(nonces)
    const [only = root, ...others] = nonces
    const claims: GatewayClaims = {
      v: 1,
      ctx: 'chrysalis/gateway/1',
      net,
      nonce: others.length === 0 ? only : root,
      epoch: deps.epoch(),
      keyset: keysetDigest(keyset),
      image: deps.provenance?.imageDigest ?? '',
      notAfter: keyset.not_after,
    }
    const evidence = await evidenceOf(claims)
    const statement = statements[profile]
    const answer = (batch: BatchPlace | undefined): Attestation => ({
      v: 1,
      net,
      profile,
      fresh: true,
      ...(statement !== undefined && { statement }),
      claims,
      keyset,
      evidence,
      provenance: deps.provenance ?? unknownProvenance,
      policyEpoch: claims.epoch,
      ...(batch && { batch: { ...batch, path: [...batch.path] } }),
    })
    return others.length === 0 ? [answer(undefined)] : places.map(answer)
  }
  const nextBatch = (): NonNullable<typeof waiting> => {
    const due = Promise.withResolvers<void>()
    clock.after(BATCH_MS, due.resolve)
    const nonces: string[] = []
    const answers = due.promise.then(() => {
      waiting = undefined
      return answerAll(nonces)
    })
    return { nonces, answers }
  }
  return async (nonce) => {
    waiting ??= nextBatch()
    const { nonces, answers } = waiting
    const place = nonces.push(nonce) - 1
    const all = await answers
    const mine = all[place]
    if (!mine) throw new TypeError('no answer for a nonce')
    return mine
  }
}

/**
 * The route. 400 for a nonce that is not 64 lower-case hex characters, 405 for another method, 429 with `retry-after`
 * above ten in a minute from one address. Without a nonce the last answer, marked as not fresh.
 */
export function serveAttestation(deps: AttestationDeps): Route {
  const attest = createAttestation(deps)
  const mayAsk = createLimit(deps.clock)
  let last: { answer: Promise<Attestation>; atMs: number } | undefined

  const cached = async (): Promise<Attestation> => {
    if (!last || deps.clock.now() - last.atMs > MINUTE_MS)
      last = { answer: attest(randomBytes(32).toString('hex')), atMs: deps.clock.now() }
    try {
      return { ...(await last.answer), fresh: false }
    } catch (error) {
      last = undefined
      throw error
    }
  }
  return async ({ request, response, path, query }) => {
    if (path !== '/.well-known/attestation') return false
    if (request.method !== 'GET') {
      response.writeHead(405, { allow: 'GET', 'cache-control': 'no-store' }).end()
      return true
    }
    const nonces = query.getAll('nonce')
    const [nonce] = nonces
    if (nonces.length > 1 || (nonce !== undefined && !NONCE.test(nonce))) {
      const text = errorBody('input.invalid', 'nonce must be 64 lower-case hex characters')
      sendJson(response, 400, { text })
      return true
    }
    if (!mayAsk(request.socket.remoteAddress ?? '')) {
      const text = errorBody('input.too-many', 'at most ten a minute')
      sendJson(response, 429, { text, headers: { 'retry-after': '60' } })
      return true
    }
    const answer = await (nonce === undefined ? cached() : attest(nonce))
    sendJson(response, 200, { text: JSON.stringify(answer) })
    return true
  }
}

/** Ten in any minute for each address. Addresses are kept in memory for that minute only. */
function createLimit(clock: Clock): (address: string) => boolean {
  const times = new Map<string, number[]>()
  return (address) => {
    const since = clock.now() - MINUTE_MS
    if (times.size > MAX_ADDRESSES)
      for (const [known, at] of times) if ((at.at(-1) ?? 0) <= since) times.delete(known)
    // Too many addresses at once: those not known yet wait, those known go on.
    if (times.size > MAX_ADDRESSES && !times.has(address)) return false
    const recent = (times.get(address) ?? []).filter((at) => at > since)
    const may = recent.length < PER_MINUTE
    times.set(address, may ? [...recent, clock.now()] : recent)
    return may
  }
}
