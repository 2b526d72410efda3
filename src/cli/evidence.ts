/** @module `chrysalis evidence verify`: the verifier of production on a file, for whoever wants to know what a quote says. */
import { systemClock } from '../core/clock.ts'
import type { Environment } from '../core/config.ts'
import { checkSignaturesByNode, nodeHashes } from '../tee/crypto/node-crypto.ts'
import type { AnchorSet, Anchors } from '../tee/verify/anchors.ts'
import type { TeeCode } from '../tee/verify/codes.ts'
import type { Verdict } from '../tee/verify/examination.ts'
import type { Policy } from '../tee/verify/policy/document.ts'
import { settle } from '../tee/verify/settle.ts'
import { anchorsFor } from './evidence-anchors.ts'
import { decodeEvidence, joinFiles, readStart } from './evidence-files.ts'
import { type EvidenceFiles, KINDS } from './evidence-kinds.ts'
import { judgeByPolicy, policyIn, policyLine } from './evidence-policy.ts'
import { EXIT, type Terminal } from './terminal.ts'
import { parseOptions, UsageError } from './usage.ts'

interface Wanted {
  readonly tee: keyof typeof KINDS
  readonly files: EvidenceFiles
  readonly net: AnchorSet['net']
  readonly nowMs: number
  readonly policy: Policy | TeeCode | undefined
  /** Where this installation's dev network lies; the usual place when absent. */
  readonly data: string | undefined
  readonly isJson: boolean
}

/** Prints the verdict; exit code 0 for accepted evidence only, 1 for refused, 2 for a wrong command line. */
export async function runEvidence(
  args: readonly string[],
  env: Environment,
  terminal: Terminal,
): Promise<number> {
  const wanted = readArguments(args)
  const verdict = await verify(wanted, await anchorsFor(wanted.net, wanted.data, env))
  if (wanted.isJson) terminal.out(JSON.stringify(forJson(verdict)))
  else terminal.out(forPeople(verdict, wanted).join('\n'))
  return verdict.ok ? EXIT.ok : EXIT.failed
}

function readArguments(args: readonly string[]): Wanted {
  const [subcommand, ...rest] = args
  if (subcommand !== 'verify')
    throw new UsageError('The one thing to do with evidence is: evidence verify --tee KIND FILE.')
  const { values, positionals } = parseOptions(
    rest,
    {
      tee: { type: 'string' },
      collateral: { type: 'string' },
      chain: { type: 'string', multiple: true },
      net: { type: 'string', default: 'mainnet' },
      at: { type: 'string' },
      policy: { type: 'string' },
      data: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
    'positionals',
  )
  const [file, ...more] = positionals
  if (file === undefined || more.length > 0)
    throw new UsageError('Name one file with evidence: evidence verify --tee tdx FILE.')
  const tee = oneOf('--tee', values.tee, ['tdx', 'snp', 'nvidia'])
  const takes: readonly string[] = KINDS[tee].takes
  for (const option of ['collateral', 'chain'] as const)
    if (values[option] !== undefined && !takes.includes(option))
      throw new UsageError(`--${option} means nothing for evidence of kind ${tee}.`)
  if (tee === 'nvidia' && values.policy !== undefined)
    throw new UsageError(
      'A policy lists machines: judge the quote of the machine that has the GPU.',
    )
  return {
    tee,
    files: {
      evidence: decodeEvidence(readStart(file)),
      collateral: values.collateral === undefined ? undefined : readStart(values.collateral),
      chain: values.chain && joinFiles(values.chain),
    },
    net: oneOf('--net', values.net, ['mainnet', 'testnet', 'devnet']),
    nowMs: values.at === undefined ? systemClock.now() : readTime(values.at),
    policy: values.policy === undefined ? undefined : policyIn(readStart(values.policy)),
    data: values.data,
    isJson: values.json,
  }
}

function oneOf<const T extends string>(
  option: string,
  value: string | undefined,
  all: readonly T[],
): T {
  const found = all.find((one) => one === value)
  if (found === undefined) throw new UsageError(`${option} is one of ${all.join(', ')}.`)
  return found
}

const ISO_TIME =
  /^(\d{4}-\d\d-\d\d)(?:T([01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,3})?)?(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d))?$/

/** A day (its first moment in UTC) or a time with its offset. What `Date` makes of 31 February is not taken. */
function readTime(text: string): number {
  const day = ISO_TIME.exec(text)?.[1]
  const dayMs = day === undefined ? Number.NaN : Date.parse(`${day}T00:00:00Z`)
  const ms = Date.parse(text)
  const isDay = Number.isFinite(dayMs) && new Date(dayMs).toISOString().slice(0, 10) === day
  if (!isDay || !Number.isFinite(ms))
    throw new UsageError('--at is a time such as 2026-02-19 or 2026-02-19T12:00:00Z.')
  return ms
}

async function verify(
  { tee, files, net, nowMs, policy }: Wanted,
  anchors: Anchors,
): Promise<Verdict> {
  const context = {
    nowMs,
    anchors,
    hashes: nodeHashes,
    ...(policy === undefined ? {} : { tcbJudge: 'policy' as const }),
  }
  const verdict = await settle(KINDS[tee].examine(files, context), checkSignaturesByNode)
  return policy === undefined ? verdict : judgeByPolicy(verdict, policy, { net, nowMs })
}

const forJson = ({ ok, code, tee, tcb, measurements, hardware }: Verdict) => ({
  ok,
  code,
  tee,
  status: tcb?.status,
  measurements,
  hardware,
})

const line = (name: string, value: string): string => `${name.padEnd(16)}${value}`

function forPeople(verdict: Verdict, { net, nowMs, policy }: Wanted): string[] {
  const { ok, failed, tee, tcb, hardware, measurements = {}, expiresAt } = verdict
  return [
    ok ? 'accepted' : `refused: ${failed.join(', ')}`,
    line('kind', tee),
    line('judged for', `${net}, at ${new Date(nowMs).toISOString()}`),
    line('policy', policyLine(policy)),
    ...(tcb ? [line('firmware', [tcb.status, ...tcb.advisories].join(', '))] : []),
    ...(hardware === undefined ? [] : [line('hardware', hardware)]),
    ...(expiresAt === undefined ? [] : [line('holds until', new Date(expiresAt).toISOString())]),
    ...Object.entries(measurements)
      .filter(([name]) => name !== 'tee')
      .map(([name, value]) =>
        line(name, typeof value === 'string' ? value : JSON.stringify(value)),
      ),
  ]
}
