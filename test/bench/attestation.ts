/** @module P4: what it costs to verify a TDX quote with its collateral, cold and remembered, against dcap-qvl on the same bytes. */
import { existsSync } from 'node:fs'
import { QuoteVerifier } from '@phala/dcap-qvl'
import { checkSignaturesByNode, nodeHashes } from '../../src/tee/crypto/node-crypto.ts'
import { DEV_PLATFORM, tdxAuthorities } from '../../src/tee/dev/tdx-pki.ts'
import { createVerdictCache } from '../../src/tee/evidence/verdict-cache.ts'
import { Anchors } from '../../src/tee/verify/anchors.ts'
import { type Collateral, parseCollateral } from '../../src/tee/verify/collateral.ts'
import type { Verdict } from '../../src/tee/verify/examination.ts'
import { settle } from '../../src/tee/verify/settle.ts'
import { examineTdx } from '../../src/tee/verify/tdx/verify.ts'
import { devAnchors, devNowMs, fixedPki, fixedTdx } from '../support/dev-tdx.ts'
import { publicFile, publicFolder, publicText } from '../support/public-evidence.ts'
import { TestClock } from '../support/test-clock.ts'
import type { BenchCase, BenchGround, BenchTable } from './bench-case.ts'
import { isSteady, median, ratios, show } from './stats.ts'

const coldTarget = 0.4
const cachedTarget = 0.02

/** The same bytes for both: a quote, and its collateral as JSON text. */
interface Subject {
  readonly name: string
  readonly quote: Uint8Array
  readonly text: string
  readonly nowMs: number
  readonly anchors: Anchors
  /** DER of the dev root, where it is not Intel's. */
  readonly root?: Uint8Array
}

/** The first one decides, a second one is only shown. */
function subjects(): readonly Subject[] {
  const { quote, collateral } = fixedTdx()
  const { root } = tdxAuthorities(fixedPki, { ...DEV_PLATFORM, ppid: new Uint8Array(16) })
  const simulated: Subject = {
    name: 'simulated v4',
    quote,
    text: JSON.stringify(collateral),
    nowMs: devNowMs,
    anchors: devAnchors,
    root: root.certificate,
  }
  if (!existsSync(publicFolder)) return [simulated]
  const real: Subject = {
    name: 'real v4',
    quote: publicFile('tdx/tdx_quote'),
    text: publicText('tdx/tdx_quote_collateral.json'),
    nowMs: Date.parse('2025-06-25T00:00:00Z'),
    anchors: Anchors.forNet('mainnet'),
  }
  return [real, simulated]
}

async function verify({ quote, text, nowMs, anchors }: Subject): Promise<Verdict> {
  const context = { nowMs, anchors, hashes: nodeHashes }
  const examined = examineTdx({ quote, collateral: parseCollateral(text) }, context)
  return settle(examined, checkSignaturesByNode)
}

/** The verifiers by name; each run throws unless the quote was accepted. */
function runsOf(subject: Subject) {
  const { quote, text, nowMs, root } = subject
  const ours = async (): Promise<void> => {
    if (!(await verify(subject)).ok) throw new Error('a good quote was refused')
  }
  const verifier = new QuoteVerifier(root && Buffer.from(root))
  const theirs = async (): Promise<void> => {
    verifier.verify(Buffer.from(quote), JSON.parse(text) as Collateral, nowMs / 1000)
  }
  const cache = createVerdictCache(new TestClock(nowMs))
  const about = { evidence: [quote], collateral: 'ab'.repeat(32), epoch: 1 }
  const expected = quote.slice(48 + 520, 48 + 584)
  const cached = async (): Promise<void> => {
    const { ok } = await cache.verdictOn({ ...about, expected }, () => verify(subject))
    if (!ok) throw new Error('a good quote was refused')
  }
  return { ours, theirs, cached }
}

/** Milliseconds a run, over `times` of them. */
async function time(run: () => Promise<void>, times: number): Promise<number> {
  const began = performance.now()
  for (let n = 0; n < times; n++) await run()
  return (performance.now() - began) / times
}

async function measure(
  subject: Subject,
  { scale }: BenchGround,
  decides: boolean,
): Promise<BenchTable> {
  const [rounds, times, warm] = scale === 'full' ? [31, 20, 200] : [2, 1, 1]
  const { ours, theirs, cached } = runsOf(subject)
  for (const run of [ours, theirs, cached]) await time(run, warm)
  const raw = { theirs: [], ours: [], cached: [], again: [] } as Record<
    'theirs' | 'ours' | 'cached' | 'again',
    number[]
  >
  for (let round = 0; round < rounds; round++) {
    raw.theirs.push(await time(theirs, times))
    raw.ours.push(await time(ours, times))
    raw.cached.push(await time(cached, 20 * times))
    raw.again.push(await time(theirs, times))
  }
  const control = median(ratios(raw.again, raw.theirs))
  const cold = median(ratios(raw.ours, raw.theirs))
  const warmRatio = median(ratios(raw.cached, raw.ours))
  const isMet = cold <= coldTarget && warmRatio <= cachedTarget
  const of = (values: readonly number[]): string => `${show(median(values))} ms`
  return {
    id: decides ? 'P4' : 'P4-dev',
    title: `Verifying a TDX quote with its collateral, ${subject.name}`,
    target: `cold at most ${String(coldTarget)} × dcap-qvl, remembered at most ${String(cachedTarget)} × cold`,
    verdict: !isSteady(control) ? 'void' : isMet ? 'met' : 'missed',
    columns: ['', 'p50', 'ratio', 'control'],
    rows: [
      ['dcap-qvl 0.3.9', of(raw.theirs), '', show(control)],
      ['ours, nothing remembered', of(raw.ours), `${show(cold)} × dcap-qvl`, ''],
      ['ours, verdict remembered', of(raw.cached), `${show(warmRatio)} × cold`, ''],
    ],
    notes: [
      `${String(rounds)} rounds of ${String(times)} in turns. Bytes in, verdict out: the text of the collateral is parsed anew each time, by both.`,
    ],
    ...(decides ? { gate: { value: cold, target: coldTarget, better: 'lower' } as const } : {}),
    raw,
  }
}

export const p4: BenchCase = {
  id: 'P4',
  about: 'verification of a TDX quote, cold and remembered, against dcap-qvl',
  run: async (ground) => {
    const tables: BenchTable[] = []
    for (const [at, subject] of subjects().entries())
      tables.push(await measure(subject, ground, at === 0))
    return tables
  },
}
