import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { newJobId } from '../../../../src/core/ids.ts'
import { Plaintext } from '../../../../src/core/plaintext.ts'
import { createDraftFollower } from '../../../../src/tee/sealing/draft.ts'
import {
  frameChunk,
  parseChunkFrame,
  type StreamContext,
} from '../../../../src/tee/sealing/result-chunk.ts'
import {
  applyDelta,
  createResultReader,
  createResultWriter,
  openSealedResult,
  type StreamPart,
} from '../../../../src/tee/sealing/result-stream.ts'
import { codeThrown, someKid, text } from '../../../support/tee.ts'

const someContext = (): StreamContext => ({
  net: 'devnet',
  job: newJobId(),
  attempt: 1,
  kid: someKid(),
})

/** A stream of a few drafts, some progress and an answer. */
function written(answer = 'the answer', drafts: readonly string[] = ['the', 'the ans']) {
  const resultSecret = randomBytes(32)
  const context = someContext()
  const writer = createResultWriter(resultSecret, context)
  let last = ''
  const chunks = drafts.flatMap((draft) => {
    const keep = draft.startsWith(last) ? last.length : 0
    const made = writer.delta(keep, draft.slice(keep))
    last = draft
    return made
  })
  chunks.push(writer.progress(50))
  const final = writer.final(Plaintext.of(answer))
  chunks.push(...final.chunks)
  return { resultSecret, context, header: writer.header, ...final, all: chunks }
}

type Stream = ReturnType<typeof written>

function read(
  stream: Stream,
  change: {
    chunks?: readonly Uint8Array[]
    header?: string
    context?: StreamContext
    maxBytes?: number
    resultSecret?: Uint8Array
  } = {},
) {
  const reader = createResultReader({ maxBytes: 2 ** 22, ...stream, ...change })
  const parts: StreamPart[] = (change.chunks ?? stream.all).map((chunk) => reader.push(chunk))
  reader.end()
  const last = parts.at(-1)
  if (last?.kind !== 'final') throw new TypeError('no final part')
  return { parts, result: last.result }
}

describe('result streams', () => {
  it('bring drafts, progress and the answer with both hashes as the worker signs them', () => {
    const stream = written()

    const { parts, result } = read({ ...stream, chunks: stream.all })

    expect(parts.map(({ kind }) => kind)).toEqual(['delta', 'delta', 'progress', 'final'])
    expect(text(result.content)).toBe('the answer')
    expect(result).toMatchObject({ outputHash: stream.outputHash, streamHash: stream.streamHash })
  })

  it('bring any text whole, also when it needs many chunks and takes drafts back', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme', maxLength: 40 }), { maxLength: 5 }),
        fc.integer({ min: 0, max: 200_000 }),
        (drafts, length) => {
          const answer = 'é'.repeat(length)
          const stream = written(answer, drafts)
          const { parts, result } = read(stream)
          let draft = ''
          for (const part of parts) if (part.kind === 'delta') draft = applyDelta(draft, part.delta)

          expect(draft).toBe(drafts.at(-1) ?? '')
          expect(text(result.content)).toBe(answer)
        },
      ),
      { numRuns: 30 },
    )
  })

  it('cut a long draft between characters', () => {
    const long = `a${'😀'.repeat(60_000)}`
    const stream = written('x', [long])
    let draft = ''
    for (const part of read(stream).parts)
      if (part.kind === 'delta') draft = applyDelta(draft, part.delta)

    expect(draft).toBe(long)
  })

  it('show only steps of 256 bytes', () => {
    const one = written('a', ['a'])
    const other = written('b'.repeat(90), ['b'.repeat(90)])

    expect(one.all.map(({ length }) => length)).toEqual(other.all.map(({ length }) => length))
    for (const chunk of one.all) expect((chunk.length - 9 - 16) % 256).toBe(0)
  })

  it('with a chunk dropped, doubled, moved or after the end are refused at that chunk', async () => {
    const stream = written()
    const [a, b, c, d] = stream.all as [Uint8Array, Uint8Array, Uint8Array, Uint8Array]
    const attempt = (chunks: Uint8Array[]) => codeThrown(() => read(stream, { chunks }))

    expect(await attempt([a, c, d])).toBe('result.order')
    expect(await attempt([a, a, b, c, d])).toBe('result.order')
    expect(await attempt([b, a, c, d])).toBe('result.order')
    expect(await attempt([a, b, c, d, d])).toBe('result.after-final')
    expect(await attempt([a, b, c])).toBe('result.truncated')
    expect(await attempt([])).toBe('result.truncated')
  })

  it('whose record lacks a piece are refused', async () => {
    const stream = written(randomBytes(100_000).toString('hex'), [])
    expect(stream.chunks.length).toBeGreaterThan(3)

    expect(await codeThrown(() => read(stream, { chunks: stream.all.slice(0, -1) }))).toBe(
      'result.truncated',
    )
  })

  it('with any byte of a chunk changed are refused', async () => {
    const stream = written('x', [])
    const [progress, final] = stream.all as [Uint8Array, Uint8Array]
    for (let at = 0; at < progress.length; at += 3) {
      const bad = Uint8Array.from(progress)
      bad[at] = (bad[at] ?? 0) ^ 1
      expect(await codeThrown(() => read(stream, { chunks: [bad, final] }))).toMatch(
        /^result\.(order|size|open)$/,
      )
    }
    const marked = Uint8Array.from(progress)
    marked[4] = 1
    expect(await codeThrown(() => read(stream, { chunks: [marked] }))).toBe('result.open')
    const shortTag = progress.subarray(0, progress.length - 12)
    expect(await codeThrown(() => read(stream, { chunks: [shortTag, final] }))).toBe('result.size')
  })

  it('of another job, attempt, worker, net or secret are refused', async () => {
    const stream = written()
    const { context } = stream
    const headers: StreamContext[] = [
      { ...context, job: newJobId() },
      { ...context, attempt: 2 },
      { ...context, kid: someKid() },
    ]

    for (const other of headers)
      expect(await codeThrown(() => read(stream, { context: other }))).toBe('result.header')
    expect(await codeThrown(() => read(stream, { context: { ...context, net: 'testnet' } }))).toBe(
      'result.open',
    )
    expect(await codeThrown(() => read(stream, { resultSecret: randomBytes(32) }))).toBe(
      'result.open',
    )
    const renamed = stream.header.replace(
      /"nonce":"(.)/,
      (_, first: string) => `"nonce":"${first === 'A' ? 'B' : 'A'}`,
    )
    expect(await codeThrown(() => read(stream, { header: renamed }))).toMatch(
      /^result\.(header|open)$/,
    )
    for (const header of [
      '',
      '{}',
      `${stream.header} x`,
      stream.header.replace('"v":1', '"v":1,"w":2'),
    ])
      expect(await codeThrown(() => read(stream, { header }))).toBe('result.header')
  })

  it('longer than the task allows are refused', async () => {
    const stream = written()
    const total = stream.all.reduce((sum, chunk) => sum + chunk.length, 0)

    expect(await codeThrown(() => read(stream, { maxBytes: total - 1 }))).toBe('result.size')
    expect(read(stream, { maxBytes: total }).parts.length).toBe(4)
  })

  it('can be stored sealed and opened by the front alone', async () => {
    const stream = written('kept until delivery')
    const { sealed } = read(stream).result
    const open = (bytes: Uint8Array, secret = stream.resultSecret) =>
      openSealedResult(secret, stream.context, bytes)

    expect(text(open(sealed).content)).toBe('kept until delivery')
    expect(open(sealed).outputHash).toBe(stream.outputHash)
    expect(Buffer.from(sealed).includes('delivery')).toBe(false)
    expect(await codeThrown(() => open(sealed, randomBytes(32)))).toBe('result.open')
    expect(await codeThrown(() => open(sealed.subarray(0, -1)))).toBe('result.truncated')
    expect(await codeThrown(() => open(sealed.subarray(0, 3)))).toBe('result.header')
    expect(await codeThrown(() => open(sealed.subarray(0, 4 + stream.header.length)))).toBe(
      'result.truncated',
    )
  })

  it('of a long answer are opened by the front from all their pieces and no fewer', async () => {
    const answer = randomBytes(100_000).toString('hex')
    const stream = written(answer)
    const { sealed } = read(stream).result
    const headLength = 4 + stream.header.length
    const piece = stream.chunks.find(({ length }) => length > 60_000)?.length ?? 0
    const without = Buffer.concat([
      sealed.subarray(0, headLength),
      sealed.subarray(headLength + piece),
    ])

    expect(text(openSealedResult(stream.resultSecret, stream.context, sealed).content)).toBe(answer)
    expect(
      await codeThrown(() => openSealedResult(stream.resultSecret, stream.context, without)),
    ).toMatch(/^(env|result)\./)
  })

  it('never use a nonce twice: two streams of one attempt have nothing in common', () => {
    const secret = randomBytes(32)
    const context = someContext()
    const [a] = createResultWriter(secret, context).delta(0, 'same')
    const [b] = createResultWriter(secret, context).delta(0, 'same')

    expect(Buffer.compare(a?.subarray(9) ?? Buffer.of(), b?.subarray(9) ?? Buffer.of())).not.toBe(0)
  })

  it('accept nothing after the end or after they were discarded', () => {
    const writer = createResultWriter(randomBytes(32), someContext())
    writer.final(Plaintext.of('end'))
    const other = createResultWriter(randomBytes(32), someContext())
    other.discard()

    expect(() => writer.delta(0, 'x')).toThrow(TypeError)
    expect(() => other.progress(1)).toThrow(TypeError)
  })
})

describe('a front following a stream', () => {
  const follow = (stream: Stream) => createDraftFollower(stream.resultSecret, stream.context)

  it('shows each draft as it stands', () => {
    const stream = written('the answer', ['the', 'the ans', 'a'])
    const follower = follow(stream)

    const steps = stream.all.map((chunk) => follower.push(stream.header, chunk))

    expect(steps).toEqual([
      { kind: 'draft', text: 'the' },
      { kind: 'draft', text: 'the ans' },
      { kind: 'draft', text: 'a' },
      { kind: 'progress', percent: 50 },
      { kind: 'nothing' },
    ])
  })

  it('stops showing drafts after a lost chunk and ignores repeated ones', () => {
    const stream = written('the answer', ['a', 'ab', 'abc'])
    const follower = follow(stream)
    const [first, , third] = stream.all as [Uint8Array, Uint8Array, Uint8Array]

    expect(follower.push(stream.header, first)).toEqual({ kind: 'draft', text: 'a' })
    expect(follower.push(stream.header, first)).toEqual({ kind: 'nothing' })
    expect(follower.push(stream.header, third)).toEqual({ kind: 'nothing' })
  })

  it('begins anew with another header of the same attempt', () => {
    const stream = written('x', ['abc'])
    const follower = follow(stream)
    const again = createResultWriter(stream.resultSecret, stream.context)
    follower.push(stream.header, stream.all[0] ?? Buffer.of())

    expect(follower.push(again.header, again.delta(0, 'z')[0] ?? Buffer.of())).toEqual({
      kind: 'draft',
      text: 'z',
    })
  })

  it('refuses chunks of another attempt', async () => {
    const stream = written()
    const other = written()
    const [chunk] = other.all as [Uint8Array]

    expect(await codeThrown(() => follow(stream).push(other.header, chunk))).toBe('result.header')
    expect(await codeThrown(() => follow(stream).push(stream.header, chunk))).toBe('result.open')
  })
})

describe('chunk frames', () => {
  it('carry job, attempt and chunk; anything too short is none', () => {
    const job = newJobId()
    const chunk = randomBytes(300)

    expect(parseChunkFrame(frameChunk(job, 7, chunk))).toEqual({ job, attempt: 7, chunk })
    expect(parseChunkFrame(randomBytes(44))).toBeUndefined()
    expect(parseChunkFrame(new Uint8Array(0))).toBeUndefined()
  })
})
