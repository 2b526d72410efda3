import { readFileSync } from 'node:fs'
import { QuoteVerifier } from '@phala/dcap-qvl'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { DEV_PLATFORM, tdxAuthorities } from '../../../../src/tee/dev/tdx-pki.ts'
import { Anchors } from '../../../../src/tee/verify/anchors.ts'
import { type Collateral, parseCollateral } from '../../../../src/tee/verify/collateral.ts'
import type { Verdict } from '../../../../src/tee/verify/examination.ts'
import { devAnchors, devNowMs, fixedPki, fixedTdx, judgeTdx } from '../../../support/dev-tdx.ts'
import { publicEvidenceIsAbsent, publicFile, publicText } from '../../../support/public-evidence.ts'
import { tdxRefusals } from '../../../support/tdx-refusals.ts'

const devRoot = tdxAuthorities(fixedPki, { ...DEV_PLATFORM, ppid: new Uint8Array(16) }).root

interface Input {
  readonly what: string
  readonly quote: Uint8Array
  readonly collateral: unknown
  readonly nowMs: number
  readonly anchors: Anchors
}

interface Outcome {
  readonly what: string
  readonly ours: Verdict
  readonly theirs: string | undefined
}

async function compare({ what, quote, collateral, nowMs, anchors }: Input): Promise<Outcome> {
  const ours = await judgeTdx({ quote, collateral }, { nowMs, anchors, tcbJudge: 'policy' })
  const root = anchors === devAnchors ? Buffer.from(devRoot.certificate) : undefined
  return { what, ours, theirs: oracle({ quote, collateral, nowMs }, root) }
}

function oracle(
  { quote, collateral, nowMs }: Pick<Input, 'quote' | 'collateral' | 'nowMs'>,
  root: Buffer | undefined,
): string | undefined {
  try {
    const answer = new QuoteVerifier(root).verify(
      Buffer.from(quote),
      collateral as Collateral,
      nowMs / 1000,
    )
    return z.object({ status: z.string() }).parse(answer).status
  } catch {
    return undefined
  }
}

/** The differences that the document explains: where one accepts what the other refuses. */
const document = readFileSync(
  new URL('../../../../docs/attestation-differences.md', import.meta.url),
  'utf8',
)
const section = (title: string): readonly string[] => {
  const body = document.split(`## ${title}\n`)[1]?.split('\n## ')[0] ?? ''
  return [...body.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name ?? '')
}
const refusedByUsOnly = section('Refused here, accepted there')
const acceptedByUsOnly = section('Accepted here, refused there')
const otherStatus = section('Accepted by both, with another status')

/** Unexplained differences, and the names of the explained ones that were met. */
function judge(outcomes: readonly Outcome[]) {
  const unexplained: string[] = []
  const met = new Set<string>()
  for (const { what, ours, theirs } of outcomes) {
    if (ours.ok && theirs !== undefined) {
      if (ours.tcb?.status === theirs) continue
      const reason = otherStatus.find((name) => what === name)
      if (reason === undefined) unexplained.push(`${what}: ${ours.tcb?.status ?? ''} / ${theirs}`)
      else met.add(reason)
    } else if (ours.ok) {
      const reason = acceptedByUsOnly.find((name) => what.startsWith(name))
      if (reason === undefined) unexplained.push(`${what}: accepted here only`)
      else met.add(reason)
    } else if (theirs !== undefined) {
      // All that is wrong must be something that the other one is known not to look at.
      const unknown = ours.failed.filter((code) => !refusedByUsOnly.includes(code))
      if (unknown.length > 0)
        unexplained.push(`${what}: ${unknown.join(', ')} here, ${theirs} there`)
      for (const code of ours.failed) met.add(code)
    }
  }
  return { unexplained, met }
}

const dev = { nowMs: devNowMs, anchors: devAnchors }

/** The list of bad ones, and good ones of every form. */
function listed(): Input[] {
  const bad = Object.values(tdxRefusals)
    .flat()
    .map(([what, , make]): Input => {
      const { context, ...evidence } = make()
      return { ...dev, collateral: undefined, ...evidence, ...context, what }
    })
  const good = (['4', '5/1.0', '5/1.5'] as const).flatMap((format) =>
    [0, 1, 2].map(
      (number): Input => ({
        ...dev,
        what: `good ${format}`,
        ...fixedTdx({}, { format, machine: String(number) }),
      }),
    ),
  )
  const lengths = [0, 1, 31, 33, 64].map(
    (length): Input => ({
      ...dev,
      what: `authentication data of another length (${String(length)})`,
      ...fixedTdx({ authData: new Uint8Array(length).fill(3) }),
    }),
  )
  const firstTwo: Input = {
    ...dev,
    what: 'first two TDX components',
    ...fixedTdx({
      tcbInfo: (info) => {
        const text = JSON.stringify(info['tcbLevels']).replace(
          '"tdxtcbcomponents":[{"svn":5}',
          '"tdxtcbcomponents":[{"svn":9}',
        )
        info['tcbLevels'] = JSON.parse(text) as string[]
      },
    }),
  }
  const statuses = [
    { platform: { pceSvn: 12 } },
    { qeReport: (part: Uint8Array) => part.set([3], 258) },
    { report: (part: Uint8Array) => part.set([0x31], 30) },
  ].map((edits, at): Input => ({ ...dev, what: `status ${String(at)}`, ...fixedTdx(edits) }))
  return [...bad, ...good, ...lengths, firstTwo, ...statuses]
}

/** Every so-manieth byte of the quote and each text of the collateral, one bit or one character changed. */
function swept(
  base: Omit<Input, 'what' | 'collateral'> & { collateral: Collateral },
  name: string,
): Input[] {
  const inputs: Input[] = []
  for (let at = 3; at < base.quote.length; at += 23) {
    const quote = base.quote.slice()
    quote[at] = (quote[at] ?? 0) ^ (1 << (at % 8))
    inputs.push({ ...base, quote, what: `${name} byte ${String(at)}` })
  }
  for (const [member, text] of Object.entries(base.collateral))
    for (let part = 0; part < 10; part++) {
      const at = Math.floor((text.length * part) / 10)
      const put = text[at] === '1' ? '2' : '1'
      const changed = text.slice(0, at) + put + text.slice(at + 1)
      inputs.push({
        ...base,
        collateral: { ...base.collateral, [member]: changed },
        what: `${name} ${member} ${String(at)}`,
      })
    }
  for (const days of [-4000, -40, -2, 20, 40, 4000])
    inputs.push({
      ...base,
      nowMs: base.nowMs + days * 86_400_000,
      what: `${name} ${String(days)} days`,
    })
  for (let length = 900; length < base.quote.length; length += 101)
    inputs.push({
      ...base,
      quote: base.quote.subarray(0, length),
      what: `${name} cut ${String(length)}`,
    })
  return inputs
}

async function compareAll(inputs: readonly Input[]): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = []
  for (const input of inputs) outcomes.push(await compare(input))
  return outcomes
}

function report(outcomes: readonly Outcome[]): void {
  const both = outcomes.filter(({ ours, theirs }) => ours.ok && theirs !== undefined).length
  const neither = outcomes.filter(({ ours, theirs }) => !ours.ok && theirs === undefined).length
  const theirsOnly = outcomes.filter(({ ours, theirs }) => !ours.ok && theirs !== undefined).length
  const oursOnly = outcomes.length - both - neither - theirsOnly
  console.log(
    `${String(outcomes.length)} inputs: both accept ${String(both)}, both refuse ${String(neither)}, only dcap-qvl accepts ${String(theirsOnly)}, only ours accepts ${String(oursOnly)}`,
  )
}

test('over more than 500 inputs, every difference to dcap-qvl is one that the document explains', {
  timeout: 300_000,
}, async () => {
  const inputs = [
    ...listed(),
    ...swept({ ...dev, ...fixedTdx() }, 'v4'),
    ...swept({ ...dev, ...fixedTdx({}, { format: '5/1.5' }) }, 'v5'),
  ]

  const outcomes = await compareAll(inputs)
  report(outcomes)

  expect(inputs.length).toBeGreaterThan(500)
  const { unexplained, met } = judge(outcomes)
  expect(unexplained).toEqual([])
  // What is explained without being met is no difference (any more).
  const explained = [...acceptedByUsOnly, ...refusedByUsOnly, ...otherStatus]
  expect(explained.filter((name) => !met.has(name))).toEqual([])
  expect(explained.length).toBeGreaterThan(20)
})

describe.skipIf(publicEvidenceIsAbsent(1))('real evidence', () => {
  test('so it is around a real quote with its collateral', { timeout: 300_000 }, async () => {
    const base = {
      quote: publicFile('tdx/tdx_quote'),
      collateral: parseCollateral(publicText('tdx/tdx_quote_collateral.json')),
      nowMs: Date.parse('2025-06-25T00:00:00Z'),
      anchors: Anchors.forNet('mainnet'),
    }

    const outcomes = await compareAll([{ ...base, what: 'real' }, ...swept(base, 'real')])
    report(outcomes)

    expect(outcomes[0]).toMatchObject({ ours: { ok: true }, theirs: 'UpToDate' })
    expect(judge(outcomes).unexplained).toEqual([])
  })
})
