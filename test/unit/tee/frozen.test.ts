import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { isJobId, isKid, parseId } from '../../../src/core/ids.ts'
import { createKeks } from '../../../src/tee/keys/kek.ts'
import { openBlob, sealBlob } from '../../../src/tee/sealing/blob.ts'
import { openEnvelope, parseEnvelope } from '../../../src/tee/sealing/envelope.ts'
import { applyDelta, createResultReader } from '../../../src/tee/sealing/result-stream.ts'
import { createVault } from '../../../src/tee/sealing/vault.ts'
import { handClock, NOW_S, text } from '../../support/tee.ts'

const frozen = JSON.parse(readFileSync(new URL('frozen.json', import.meta.url), 'utf8'))
const bytes = (base64url: string): Buffer => Buffer.from(base64url, 'base64url')
const cek = Buffer.alloc(32, 1)

async function* once(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield content
}

async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of source) parts.push(part)
  return Buffer.concat(parts)
}

describe('bytes sealed by an earlier version', () => {
  it('of an envelope and its blob still open', async () => {
    const envelope = parseEnvelope(frozen.envelope)

    const opened = openEnvelope(envelope, { cek, net: 'devnet', nowSeconds: NOW_S })

    expect(text(opened.content)).toBe('{"v":1}')
    const { envHash, inputHash, blobLength } = frozen
    expect(opened).toMatchObject({ envHash, inputHash, blobLength })
    if (!envelope.blob) throw new Error('no blob')
    // Blobs are sealed without randomness of their own: the same sound under the same key and id is the same bytes.
    const seal = sealBlob({
      cek,
      id: envelope.blob.id,
      source: once(Buffer.from('sound')),
      maxBytes: 99,
    })
    const sealed = await collect(seal.chunks)
    expect(createHash('sha256').update(sealed).digest('hex')).toBe(frozen.blobSha256)
    const attached = { blob: envelope.blob, length: 5 }
    expect((await collect(openBlob(attached, { cek, sealed: once(sealed) }))).toString()).toBe(
      'sound',
    )
  })

  it('of a result stream still open', () => {
    const context = {
      net: 'devnet' as const,
      job: parseId('ffeeddccbbaa99887766554433221100', isJobId),
      attempt: 2,
      kid: parseId('0123456789abcdef0123456789abcdef', isKid),
    }
    const reader = createResultReader({
      resultSecret: Buffer.alloc(32, 2),
      context,
      header: frozen.header,
      maxBytes: 10_000,
    })
    const parts = frozen.chunks.map((chunk: string) => reader.push(bytes(chunk)))

    expect(applyDelta('', parts[0].delta)).toBe('hé')
    expect(parts[1]).toEqual({ kind: 'progress', percent: 50 })
    expect(text(parts[2].result.content)).toBe('{"v":1,"text":"héllo"}')
    const { outputHash, streamHash } = frozen
    expect(parts[2].result).toMatchObject({ outputHash, streamHash })
  })

  it('of wrapped keys and sealed notes still open', () => {
    const folder = mkdtempSync(join(tmpdir(), 'frozen-'))
    try {
      writeFileSync(join(folder, `${frozen.kek.epoch}.key`), bytes(frozen.kek.key))
      const keks = createKeks({ folder, net: 'devnet', clock: handClock() })

      expect(Buffer.compare(keks.unwrap('cek', 'job-1', bytes(frozen.kek.wrapped)), cek)).toBe(0)
      const vault = createVault({ keks, net: 'devnet' })
      expect(text(vault.open('inbox', 'row-1', bytes(frozen.kek.vault)))).toBe('note')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
