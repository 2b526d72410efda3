import { describe, expect, test } from 'vitest'
import { openConfigfsTsm } from '../../../../src/tee/sources/configfs-tsm.ts'
import { noGpu } from '../../../../src/tee/sources/gpu-command.ts'
import { createSource, type EvidenceSource } from '../../../../src/tee/sources/source.ts'
import { FakeTsm, systemError } from '../../../support/fake-tsm.ts'
import { gpuForm, quoteForm } from '../../../support/quote-forms.ts'
import { TestClock } from '../../../support/test-clock.ts'

const asked = Uint8Array.from({ length: 64 }, (_, at) => at + 1)
const fakeOf = (tee: 'tdx' | 'tdx5' | 'snp'): FakeTsm => {
  const fake = new FakeTsm((inblob) => quoteForm(tee, inblob))
  if (tee === 'snp') fake.provider = 'sev_guest'
  return fake
}
async function sourceOf(fake: FakeTsm, clock = new TestClock()): Promise<EvidenceSource> {
  return createSource(await openConfigfsTsm({ files: fake, root: fake.root, gpu: noGpu }), clock)
}
const code = (error: unknown): unknown => (error as { code?: unknown }).code
const failure = (work: Promise<unknown>): Promise<unknown> => work.then(() => 'no failure', code)

describe('evidence from the kernel', () => {
  test.for([
    ['tdx', 'tdx'],
    ['tdx5', 'tdx'],
    ['snp', 'snp'],
  ] as const)(
    'gives a quote over what was asked, and leaves no folder (%s)',
    async ([form, tee]) => {
      const fake = fakeOf(form)
      const source = await sourceOf(fake)

      const { quote } = await source.quote(asked)

      expect(source.tee).toBe(tee)
      expect(quote).toEqual(quoteForm(form, asked))
      expect(fake.folders).toBe(0)
    },
  )

  test('writes the question once and nothing else', async () => {
    const fake = fakeOf('tdx')
    const source = await sourceOf(fake)
    fake.log.length = 0

    await source.quote(asked)

    expect(fake.log.map((line) => line.replace(/-[0-9a-f]{16}$/, '-N'))).toEqual([
      'mkdir chrysalis-N',
      'write inblob',
    ])
  })

  test('hands on the host’s certificates of an SNP guest; none, an empty or a foreign table is fine', async () => {
    const fake = fakeOf('snp')
    const source = await sourceOf(fake)
    const leaf = Buffer.from('certificate of the chip')
    fake.auxblob = Buffer.concat([
      Buffer.from('63da758de6644564adc5f4b93be8accd', 'hex'),
      Buffer.from([48, 0, 0, 0, leaf.length, 0, 0, 0]),
      Buffer.alloc(24),
      leaf,
    ])

    expect((await source.quote(asked)).certs).toEqual([leaf])
    for (const table of [undefined, new Uint8Array(), Buffer.from('no table')]) {
      fake.auxblob = table
      expect((await source.quote(asked)).certs).toEqual([])
    }
  })

  test('another writer in the same folder is a race', async () => {
    for (const attribute of ['outblob', 'provider', 'generation']) {
      const fake = fakeOf('tdx')
      const source = await sourceOf(fake)
      fake.beforeRead = (name, folder) =>
        name === attribute ? fake.write(`${folder}/inblob`, new Uint8Array(64)) : undefined

      expect(await failure(source.quote(asked))).toBe('SRC_RACE')
      expect(fake.folders).toBe(0)
    }
  })

  test('the kernel’s own word for a race is one', async () => {
    const fake = fakeOf('tdx')
    const source = await sourceOf(fake)
    fake.beforeRead = (name) => {
      if (name === 'outblob') throw systemError('EAGAIN')
    }

    expect(await failure(source.quote(asked))).toBe('SRC_RACE')
  })

  test('a provider that changes is a race', async () => {
    const fake = fakeOf('tdx')
    const source = await sourceOf(fake)
    fake.provider = 'sev_guest'

    expect(await failure(source.quote(asked))).toBe('SRC_RACE')
  })

  test('a quote over other bytes is a mismatch', async () => {
    const fake = fakeOf('tdx')
    const source = await sourceOf(fake)
    for (const quote of [
      quoteForm('tdx', new Uint8Array(64)),
      quoteForm('tdx', asked).subarray(0, 600),
      quoteForm('snp', asked),
    ]) {
      fake.quoteOf = () => quote

      expect(await failure(source.quote(asked))).toBe('SRC_MISMATCH')
    }
  })

  test('no interface and an unknown provider are absence', async () => {
    const missing = new FakeTsm((inblob) => inblob, false)
    const other = fakeOf('tdx')
    other.provider = 'arm_cca_guest'

    expect(await failure(sourceOf(missing))).toBe('SRC_ABSENT')
    expect(await failure(sourceOf(other))).toBe('SRC_ABSENT')
    expect(other.folders).toBe(0)
  })

  test('an error, an empty and an endless answer are faults', async () => {
    const fake = fakeOf('tdx')
    const source = await sourceOf(fake)
    for (const answer of [
      () => {
        throw systemError('EIO')
      },
      () => new Uint8Array(),
      () => new Uint8Array(32_769),
    ]) {
      fake.quoteOf = answer

      expect(await failure(source.quote(asked))).toBe('SRC_IO')
      expect(fake.folders).toBe(0)
    }
  })

  test('a kernel that does not answer is given up after 10 s; the next call waits for it', async () => {
    const clock = new TestClock()
    const fake = fakeOf('tdx')
    const source = await sourceOf(fake, clock)
    const hang = Promise.withResolvers<void>()
    const reached = Promise.withResolvers<void>()
    fake.beforeRead = (name) => {
      if (name !== 'outblob') return undefined
      reached.resolve()
      return hang.promise
    }

    const first = failure(source.quote(asked))
    await reached.promise
    clock.advance(9_999)
    const second = source.quote(asked)
    clock.advance(1)

    expect(await first).toBe('SRC_TIMEOUT')
    expect(fake.folders).toBe(1)
    hang.resolve()
    expect((await second).quote).toEqual(quoteForm('tdx', asked))
    expect(fake.folders).toBe(0)
  })

  test('who waits 10 s for its turn is given up, and never asks', async () => {
    const clock = new TestClock()
    const fake = fakeOf('tdx')
    const source = await sourceOf(fake, clock)
    const hang = Promise.withResolvers<void>()
    fake.beforeRead = (name) => (name === 'outblob' ? hang.promise : undefined)

    const both = [failure(source.quote(asked)), failure(source.quote(asked))]
    clock.advance(10_000)

    expect(await Promise.all(both)).toEqual(['SRC_TIMEOUT', 'SRC_TIMEOUT'])
    hang.resolve()
    fake.beforeRead = () => undefined
    await source.quote(asked)
    expect(fake.log.filter((line) => line === 'write inblob').length).toBeLessThanOrEqual(2)
  })

  test('calls do not overlap', async () => {
    const fake = fakeOf('tdx')
    const source = await sourceOf(fake)
    let most = 0
    fake.beforeRead = () => {
      most = Math.max(most, fake.folders)
    }
    const questions = Array.from({ length: 8 }, (_, at) => new Uint8Array(64).fill(at))

    const answers = await Promise.all(questions.map((one) => source.quote(one)))

    expect(answers.map(({ quote }) => quote[568])).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    expect(most).toBe(1)
  })

  test('a question of another length is a fault of the caller', async () => {
    const source = await sourceOf(fakeOf('tdx'))

    await expect(source.quote(new Uint8Array(63))).rejects.toThrow(TypeError)
    await expect(source.gpu(new Uint8Array(64))).rejects.toThrow(TypeError)
  })

  test('GPU evidence for another nonce is a mismatch', async () => {
    const fake = fakeOf('tdx')
    const nonce = new Uint8Array(32).fill(7)
    const answer = (evidence: Uint8Array) => [
      { arch: 'HOPPER', evidence, certificate: new Uint8Array() },
    ]
    const sourceWith = async (evidence: Uint8Array) =>
      createSource(
        await openConfigfsTsm({ files: fake, root: fake.root, gpu: async () => answer(evidence) }),
        new TestClock(),
      )

    expect(await (await sourceWith(gpuForm(nonce))).gpu(nonce)).toHaveLength(1)
    expect(await failure((await sourceWith(gpuForm(new Uint8Array(32)))).gpu(nonce))).toBe(
      'SRC_MISMATCH',
    )
    expect(await failure((await sourceWith(new Uint8Array(20))).gpu(nonce))).toBe('SRC_MISMATCH')
    expect(await (await sourceOf(fake)).gpu(nonce)).toEqual([])
  })
})
