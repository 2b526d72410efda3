import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runVerify } from '../../../src/cli/verify.ts'
import { bundleText } from '../../../src/tee/verify/proof/bundle.ts'
import { type MadeProof, madeProof } from '../../support/proof.ts'

let folder: string
let made: MadeProof
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'chrysalis-verify-'))
  made = await madeProof()
})
afterAll(() => rmSync(folder, { recursive: true }))

async function verify(content: string, ...options: string[]) {
  const file = join(folder, 'proof.json')
  writeFileSync(file, content)
  const lines: string[] = []
  const say = (text: string): void => void lines.push(text)
  const code = await runVerify([file, ...options], {}, { out: say, err: say, isInteractive: false })
  return { code, text: lines.join('\n') }
}
const textFile = (text: string): string => {
  const file = join(folder, 'answer.txt')
  writeFileSync(file, text)
  return file
}

describe('chrysalis verify', () => {
  test('accepts a whole proof, says first that a test network proves nothing, and lists what is not proven', async () => {
    const { code, text } = await verify(bundleText(made.bundle))

    expect(code).toBe(0)
    expect(text.split('\n')[0]).toBe('⚠ Test network: nothing here is proven.')
    expect(text).toContain('What this does not prove:')
    expect(text).toContain('Telegram can read this chat; bots are not end-to-end encrypted.')
    expect(text.match(/^ ?\d+ [✓◐○✗] /gm)).toHaveLength(11)
  })

  test('accepts the answer as it was copied, and refuses one changed letter', async () => {
    const right = await verify(bundleText(made.bundle), '--text', textFile(made.text))
    const wrong = await verify(
      bundleText(made.bundle),
      '--text',
      textFile(made.text.replace('Saturday', 'Sunday')),
    )

    expect(right.code).toBe(0)
    expect(wrong.code).toBe(10)
    expect(wrong.text).toContain('[RCP_OUTPUT]')
    expect(wrong.text).toContain('is not the answer that the worker signed')
  })

  test.each([
    ['receipt', 'out_tokens":23', 'out_tokens":24', 'The receipt was changed after it was signed'],
    ['note', '"tier":"simulated"', '"tier":"gpu-tee"', 'note was changed after it was signed'],
    ['evidence', '"site":"unknown"', '"site":"audited"', 'The evidence was changed'],
  ] as const)(
    'refuses a changed %s with a sentence that says so',
    async (...[part, from, to, says]) => {
      const { code, text } = await verify(
        partsOf({ ...made, [part]: made[part].replace(from, to) }),
      )

      expect(code).toBe(10)
      expect(text).toContain(says)
    },
  )

  test('cannot check a receipt without its evidence, and says so', async () => {
    const { code, text } = await verify(made.receipt)

    expect(code).toBe(20)
    expect(text).toContain('the evidence record with the worker’s key is missing')
  })

  test('tells formats of other versions from what is no proof at all', async () => {
    expect((await verify('{"ctx":"chrysalis/proof/2"}')).code).toBe(20)
    for (const content of ['', 'hello', '[]', '{}', '{"v":1,"v":1}'])
      expect((await verify(content)).code).toBe(30)
    const { text } = await verify('{}', '--json')
    expect(JSON.parse(text)).toMatchObject({
      accepted: false,
      outcome: 'malformed',
      code: 'PRF_SHAPE',
    })
  })

  test('prints the same as JSON for programs', async () => {
    const { code, text } = await verify(bundleText(made.bundle), '--json')

    const report = JSON.parse(text) as { accepted: boolean; simulated: boolean; checks: unknown[] }
    expect(code).toBe(0)
    expect(report).toMatchObject({ accepted: true, outcome: 'accepted', simulated: true })
    expect(report.checks).toHaveLength(11)
  })

  test('refuses a list whose hash is not the given one', async () => {
    const { code, text } = await verify(bundleText(made.bundle), '--policy-hash', '0'.repeat(64))

    expect(code).toBe(10)
    expect(text).toContain('[POL_ANCHOR]')
  })
})

const partsOf = ({ receipt, note, evidence }: MadeProof): string =>
  `{"v":1,"ctx":"chrysalis/proof/1","receipt":${receipt},"note":${note},"evidence":${evidence}}`
