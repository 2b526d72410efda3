/** @module `chrysalis verify`: a proof or a receipt checked offline, by the very code of the proof page; says what is proven and what is not. */
import { readFileSync } from 'node:fs'
import { parseStrictJson } from '../core/canonical.ts'
import type { Environment } from '../core/config.ts'
import { checkSignaturesByNode, nodeHashes } from '../tee/crypto/node-crypto.ts'
import type { TeeCode } from '../tee/verify/codes.ts'
import { type ProofBundle, readBundle } from '../tee/verify/proof/bundle.ts'
import type { ProofCheck, ProofReport } from '../tee/verify/proof/report.ts'
import {
  CHECK_TITLES_EN,
  NOT_PROVEN_EN,
  SENTENCES_EN,
  STATES_EN,
  VOUCHERS_EN,
} from '../tee/verify/proof/sentences-en.ts'
import { verifyProof } from '../tee/verify/proof/verify-proof.ts'
import type { Terminal } from './terminal.ts'
import { parseOptions, UsageError } from './usage.ts'

/** Nothing is refuted and the receipt's signature is right; something is refuted; another format or no evidence to check by; no proof at all. */
const OUTCOME = { accepted: 0, refused: 10, unsupported: 20, malformed: 30 } as const

/** A proof is at most 96 KiB by design; ten times that is none. */
const maxBytes = 1_048_576

interface Wanted {
  readonly file: string
  readonly isJson: boolean
  readonly policyHash?: string
  readonly text?: string
}

/** Exit code 0 accepted, 10 refused, 20 unsupported, 30 malformed, 2 for a wrong command line. */
export async function runVerify(
  args: readonly string[],
  _env: Environment,
  terminal: Terminal,
): Promise<number> {
  const wanted = readArguments(args)
  const found = bundleIn(readText(wanted.file))
  if (typeof found === 'string') {
    const sentence = failures[found]
    const code: TeeCode = 'PRF_SHAPE'
    const failure = { accepted: false, outcome: found, code, sentence }
    if (wanted.isJson) terminal.out(JSON.stringify(failure))
    else terminal.err(sentence)
    return OUTCOME[found]
  }
  const report = await verifyProof(found, {
    hashes: nodeHashes,
    checkSignatures: checkSignaturesByNode,
    ...(wanted.policyHash !== undefined && { policyHash: wanted.policyHash }),
    ...(wanted.text !== undefined && { text: wanted.text }),
  })
  const outcome = outcomeOf(report)
  if (wanted.isJson) terminal.out(JSON.stringify(forJson(report, outcome)))
  else terminal.out(forPeople(report, outcome).join('\n'))
  return OUTCOME[outcome]
}

const failures = {
  malformed: 'This file is neither a proof nor a receipt.',
  unsupported: 'This proof has a format that this version does not know.',
} as const

function readArguments(args: readonly string[]): Wanted {
  const { values, positionals } = parseOptions(
    args,
    {
      json: { type: 'boolean', default: false },
      'policy-hash': { type: 'string' },
      text: { type: 'string' },
    },
    'positionals',
  )
  const [file, ...more] = positionals
  if (file === undefined || more.length > 0)
    throw new UsageError('Name one file: verify proof.json, or verify RECEIPT.json.')
  const policyHash = values['policy-hash']
  if (policyHash !== undefined && !/^[0-9a-f]{64}$/.test(policyHash))
    throw new UsageError('--policy-hash is the SHA-256 of a policy: 64 lower-case hex digits.')
  return {
    file,
    isJson: values.json,
    ...(policyHash !== undefined && { policyHash }),
    ...(values.text !== undefined && { text: readText(values.text) }),
  }
}

function readText(file: string): string {
  let bytes: Buffer
  try {
    bytes = readFileSync(file)
  } catch {
    throw new UsageError('A file that was named cannot be read.')
  }
  return bytes.length > maxBytes ? '' : bytes.toString('utf8')
}

function bundleIn(text: string): ProofBundle | 'malformed' | 'unsupported' {
  let value: unknown
  try {
    value = parseStrictJson(text)
  } catch {
    return 'malformed'
  }
  return readBundle(value) ?? (isOtherVersion(value) ? 'unsupported' : 'malformed')
}

/** Names itself one of ours, of another version. */
function isOtherVersion(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const { ctx, api_version: version } = Object.fromEntries(Object.entries(value))
  const isProof = typeof ctx === 'string' && /^chrysalis\/proof\/\d+$/.test(ctx)
  const isReceipt = typeof version === 'string' && /^aci\/\d+$/.test(version)
  return (isProof && ctx !== 'chrysalis/proof/1') || (isReceipt && version !== 'aci/1')
}

/** Without an evidence record nothing is refuted and nothing is proven either. */
function outcomeOf(report: ProofReport): keyof typeof OUTCOME {
  if (report.counts.refuted > 0) return 'refused'
  return report.isAccepted ? 'accepted' : 'unsupported'
}

const marks = { proven: '✓', asserted: '◐', 'not-checked': '○', refuted: '✗' } as const

function forPeople(report: ProofReport, outcome: keyof typeof OUTCOME): string[] {
  const { counts, facts } = report
  const headline = (['refuted', 'proven', 'asserted', 'not-checked'] as const)
    .filter((state) => counts[state] > 0)
    .map((state) => `${String(counts[state])} ${STATES_EN[state]}`)
    .join(', ')
  return [
    ...(report.isSimulated ? [`⚠ ${NOT_PROVEN_EN['test-network']}`, ''] : []),
    `${words[outcome]}: ${headline}`,
    ...(facts
      ? [
          `job ${facts.job}, ${facts.task}, model ${facts.model}, tier ${facts.tier}, network ${facts.net}`,
        ]
      : []),
    '',
    ...report.checks.map(lineOf),
    '',
    'What this does not prove:',
    ...report.notProven.map((it) => `  - ${NOT_PROVEN_EN[it]}`),
  ]
}

const words = {
  accepted: 'Accepted',
  refused: 'REFUSED',
  unsupported: 'Not to be checked without the evidence record',
  malformed: 'Malformed',
} as const

function lineOf({ number, name, state, by, says, codes }: ProofCheck): string {
  const who = state === 'proven' || state === 'asserted' ? ` by ${VOUCHERS_EN[by]}` : ''
  const named = codes.length > 0 ? ` [${codes.join(' ')}]` : ''
  const head = `${String(number).padStart(2)} ${marks[state]} ${CHECK_TITLES_EN[name]}: ${STATES_EN[state]}${who}${named}`
  return `${head}\n     ${SENTENCES_EN[says]}`
}

const forJson = (report: ProofReport, outcome: keyof typeof OUTCOME) => ({
  accepted: outcome === 'accepted',
  outcome,
  simulated: report.isSimulated,
  profile: report.profile,
  counts: report.counts,
  facts: report.facts,
  policy: report.policy,
  checks: report.checks.map((check) => ({ ...check, sentence: SENTENCES_EN[check.says] })),
  notProven: report.notProven.map((it) => NOT_PROVEN_EN[it]),
})
