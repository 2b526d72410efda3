import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkSignaturesByNode, nodeHashes } from '../../../src/tee/crypto/node-crypto.ts'
import { readBundle } from '../../../src/tee/verify/proof/bundle.ts'
import { verifyProof } from '../../../src/tee/verify/proof/verify-proof.ts'
import { type MadeProof, madeProof } from '../../support/proof.ts'
import { keepProof, type ProofServer, startProofServer } from '../../support/proof-server.ts'

let server: ProofServer
let made: MadeProof
let kept: ReturnType<typeof keepProof>
beforeAll(async () => {
  server = await startProofServer()
  made = await madeProof()
  kept = keepProof(server, made)
})
afterAll(() => server.close())

const get = (path: string, credential?: string, method = 'GET') =>
  fetch(`${server.base}${path}`, {
    method,
    ...(credential !== undefined && { headers: { authorization: `Bearer ${credential}` } }),
  })
const other = 'A'.repeat(43)

describe('a receipt', () => {
  test('is given to the holder of the link, with everything that proves it in one file', async () => {
    const response = await get(`/v1/receipts/${kept.job}?bundle=1`, kept.credential)

    expect(response.status).toBe(200)
    expect(response.headers.get('cache-control')).toBe('no-store')
    const text = await response.text()
    expect(text.length).toBeLessThan(96 * 1024)
    const bundle = readBundle(JSON.parse(text))
    if (!bundle) throw new TypeError('no bundle')
    const options = { hashes: nodeHashes, checkSignatures: checkSignaturesByNode }
    expect((await verifyProof(bundle, options)).isAccepted).toBe(true)
    expect(text).not.toContain('neighbours')
  })

  test('comes without its evidence unless that is asked for', async () => {
    const response = await get(`/v1/receipts/${kept.job}`, kept.credential)

    expect(await response.json()).toMatchObject({ evidence: null, note: { job: kept.job } })
  })

  test('is 401 without a credential, whether it exists or not', async () => {
    for (const job of [kept.job, 'f'.repeat(32)]) {
      expect((await get(`/v1/receipts/${job}`)).status).toBe(401)
      expect((await get(`/v1/receipts/${job}`, 'short')).status).toBe(401)
    }
  })

  test('is the same 404 for a wrong credential and for a job that never was', async () => {
    const wrong = await get(`/v1/receipts/${kept.job}`, other)
    const unknown = await get(`/v1/receipts/${'f'.repeat(32)}`, kept.credential)

    expect([wrong.status, unknown.status]).toEqual([404, 404])
    expect(await wrong.text()).toBe(await unknown.text())
    const names = ({ headers }: Response): string[] => [...headers.keys()].toSorted()
    expect(names(wrong)).toEqual(names(unknown))
  })

  test('of a running job is 404 with the time to ask again', async () => {
    server.receipts.set('e'.repeat(32), { kind: 'open' })

    const response = await get(`/v1/receipts/${'e'.repeat(32)}`, other)

    expect(response.status).toBe(404)
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
  })

  test('cannot be changed by any request', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'HEAD'])
      expect((await get(`/v1/receipts/${kept.job}`, kept.credential, method)).status).toBe(405)
  })
})

test('evidence and policies are public, named, and say when they are unknown', async () => {
  const evidence = await get(`/v1/evidence/${kept.evidenceId}`)
  expect(
    createHash('sha256')
      .update(await evidence.text())
      .digest('hex'),
  ).toBe(kept.evidenceId)
  expect(evidence.headers.get('cache-control')).toContain('immutable')
  expect((await get(`/v1/evidence/${'0'.repeat(64)}`)).status).toBe(404)
  expect((await get('/v1/policy/1')).status).toBe(200)
  expect((await get('/v1/policy/latest')).headers.get('cache-control')).toBe('no-store')
  expect((await get('/v1/policy/7')).status).toBe(404)
  expect((await get('/v1/policy/../receipts')).status).toBe(404)
})

describe('the page', () => {
  test('may load from its own origin only, and holds no foreign address to load from', async () => {
    const response = await get('/proof')
    const policy = response.headers.get('content-security-policy')

    expect(policy).toContain(
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'",
    )
    const html = await response.text()
    expect(html).not.toMatch(/(?:src|href)="(?!\/proof\/)/)
    expect(html).not.toMatch(/style=|<script(?![^>]* src=)/)
  })

  test('reaches each of its modules, none of which needs Node or a package', async () => {
    const seen = new Set<string>()
    const visit = async (path: string): Promise<void> => {
      if (seen.has(path)) return
      seen.add(path)
      const response = await get(path)
      expect([path, response.status]).toEqual([path, 200])
      expect(response.headers.get('content-type')).toContain('text/javascript')
      const code = (await response.text()).replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
      const names = [...code.matchAll(/(?:from|import)\s*\(?\s*(['"])([^'"]+)\1/g)].map(
        (it) => it[2] ?? '',
      )
      for (const name of names) {
        expect(name).toMatch(/^(?:\.{1,2}\/|\/proof\/)/)
        await visit(new URL(name, `http://x${path}`).pathname)
      }
    }

    await visit('/proof/gateway/proof-page/app.js')

    expect(seen.size).toBeGreaterThan(40)
    expect(seen).toContain('/proof/noble/sha2.js')
  })

  test('lists its files with hashes that are right, and serves nothing beside them', async () => {
    const listing = (await (await get('/proof/files.json')).json()) as {
      files: { path: string; sha256: string }[]
      sha256: string
    }

    expect(listing.sha256).toMatch(/^[0-9a-f]{64}$/)
    for (const { path, sha256 } of listing.files.slice(0, 10)) {
      const bytes = Buffer.from(await (await get(`/proof/${path}`)).arrayBuffer())
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256)
    }
    for (const path of [
      '/proof/gateway/main.ts',
      '/proof/%2e%2e/package.json',
      '/proof/tee/keys/kek.ts',
    ])
      expect((await get(path)).status).toBe(404)
  })
})
