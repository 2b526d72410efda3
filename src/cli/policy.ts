/** @module `chrysalis policy`: making, signing and reading the documents that say what may work on a network. */
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fromUtf8 } from '../core/bytes.ts'
import { systemClock } from '../core/clock.ts'
import type { Environment } from '../core/config.ts'
import { readOrCreateSecretFile } from '../core/secret-file.ts'
import { toHex } from '../tee/crypto/binary.ts'
import { checkSignaturesByNode, nodeHashes } from '../tee/crypto/node-crypto.ts'
import { SEED_BYTES, type Signer, signerOf } from '../tee/crypto/signature.ts'
import { reviseDevPolicy } from '../tee/dev/policy.ts'
import { signPolicy } from '../tee/policy/signing.ts'
import { TeeError } from '../tee/verify/codes.ts'
import {
  maxPolicyBytes,
  type Policy,
  parsePolicyDraft,
  policyBytes,
  policyDigest,
} from '../tee/verify/policy/document.ts'
import { neededSignatures, signatureChecks } from '../tee/verify/policy/signatures.ts'
import { checkSuccession } from '../tee/verify/policy/succession.ts'
import { dataFolder } from './paths.ts'
import { changeLines, policyLines, type ShownSignature, warningsOf } from './policy-words.ts'
import { EXIT, type Terminal } from './terminal.ts'
import { parseOptions, UsageError } from './usage.ts'

interface Call {
  readonly args: readonly string[]
  readonly env: Environment
  readonly terminal: Terminal
}

const subcommands: Readonly<Record<string, (call: Call) => Promise<number>>> = {
  lint,
  sign,
  show,
  diff,
  keygen,
  deny,
}

/** Exit codes: 0 done, 1 the document is refused (or does not follow the other), 2 a wrong command line. */
export async function runPolicy(
  args: readonly string[],
  env: Environment,
  terminal: Terminal,
): Promise<number> {
  const [name = '', ...rest] = args
  const run = Object.hasOwn(subcommands, name) ? subcommands[name] : undefined
  if (!run) throw new UsageError('policy takes lint, sign, show, diff, keygen or deny.')
  try {
    return await run({ args: rest, env, terminal })
  } catch (error) {
    if (!(error instanceof TeeError)) throw error
    terminal.err(refusal(error))
    return EXIT.failed
  }
}

function refusal({ code, field }: TeeError): string {
  const where = field === undefined ? '' : ` Look at the member "${field}".`
  return `refused: this is no policy that could be valid: an unknown or missing member, or something that may never be allowed.${where} [${code}]`
}

async function lint({ args, terminal }: Call): Promise<number> {
  const { positionals } = parseOptions(args, {}, 'positionals')
  const policy = readPolicy(onlyFile(positionals, 'policy lint FILE'))
  const signatures = await signaturesOf(policy)
  const warnings = warningsOf(policy, signatures, systemClock.now())
  for (const warning of warnings) terminal.out(`warning: ${warning}`)
  terminal.out(warnings.length === 0 ? 'sound' : `sound, with ${warnings.length} to look at`)
  return EXIT.ok
}

/** Adds one signature; those that the text no longer fits are dropped, since a document with a false one is refused. */
async function sign({ args, terminal }: Call): Promise<number> {
  const { values, positionals } = parseOptions(
    args,
    { key: { type: 'string' }, out: { type: 'string' } },
    'positionals',
  )
  const file = onlyFile(positionals, 'policy sign FILE --key FILE')
  if (values.key === undefined) throw new UsageError('--key names the file with your signing key.')
  const draft = readPolicy(file)
  const fitting = (await signaturesOf(draft)).filter(({ isRight }) => isRight)
  const signatures = draft.signatures.filter(({ key }) => fitting.some((it) => it.key === key))
  const policy = signPolicy({ ...draft, signatures }, readSigner(values.key))
  writeFileSync(values.out ?? file, policyBytes(policy))
  const dropped = draft.signatures.length - signatures.length
  if (dropped > 0) terminal.out(`dropped ${dropped} that did not fit this text`)
  const need = neededSignatures(policy.net)
  terminal.out(`${policy.signatures.length} signed, ${need} needed on ${policy.net}`)
  terminal.out(`sha256 ${policyDigest(policy, nodeHashes)}`)
  return EXIT.ok
}

async function show({ args, terminal }: Call): Promise<number> {
  const { values, positionals } = parseOptions(
    args,
    { key: { type: 'string', multiple: true, default: [] } },
    'positionals',
  )
  const policy = readPolicy(onlyFile(positionals, 'policy show FILE'))
  const signatures = await signaturesOf(policy)
  const trusted = values.key.map((key) => key.toLowerCase())
  if (trusted.some((key) => !/^[0-9a-f]{64}$/.test(key)))
    throw new UsageError('--key is a public key: 64 hex digits.')
  const sha256 = policyDigest(policy, nodeHashes)
  for (const line of policyLines({ policy, sha256, signatures, trusted })) terminal.out(line)
  const isSigned = signatures.every(({ key, isRight }) => {
    return isRight && (trusted.length === 0 || trusted.includes(key))
  })
  return isSigned ? EXIT.ok : EXIT.failed
}

async function diff({ args, terminal }: Call): Promise<number> {
  const { positionals } = parseOptions(args, {}, 'positionals')
  const [oldFile, newFile, ...more] = positionals
  if (oldFile === undefined || newFile === undefined || more.length > 0)
    throw new UsageError('Name two files: policy diff OLD NEW.')
  const old = readPolicy(oldFile)
  const next = readPolicy(newFile)
  for (const line of changeLines(old, next)) terminal.out(line)
  const { epoch, prev } = next
  const sha256 = policyDigest(next, nodeHashes)
  const seen = { epoch: old.epoch, sha256: policyDigest(old, nodeHashes) }
  const code =
    old.net === next.net ? checkSuccession({ epoch, prev, sha256 }, seen) : 'NET_MISMATCH'
  if (code === undefined) return EXIT.ok
  terminal.err(
    `The new one does not follow the old one: it must be of the same network, have epoch ${old.epoch + 1}, and name ${seen.sha256} as prev. [${code}]`,
  )
  return EXIT.failed
}

async function keygen({ args, terminal }: Call): Promise<number> {
  const { values } = parseOptions(args, { out: { type: 'string' } })
  if (values.out === undefined) throw new UsageError('--out names the file for the new key.')
  if (existsSync(values.out)) throw new UsageError('That file is there already; it stays as it is.')
  readOrCreateSecretFile(resolve(values.out), () => randomBytes(SEED_BYTES))
  terminal.out(`public key ${toHex(readSigner(values.out).publicKey)}`)
  terminal.err('Keep the file offline: who has two of the three decides what may read prompts.')
  return EXIT.ok
}

/** The dev network's way to revoke: its running gateway ends such sessions within seconds. */
async function deny({ args, env, terminal }: Call): Promise<number> {
  const { values, positionals } = parseOptions(
    args,
    { data: { type: 'string' }, undo: { type: 'boolean', default: false } },
    'positionals',
  )
  const [name, ...more] = positionals
  const kind = name === undefined || more.length > 0 ? undefined : kindOf(name)
  if (name === undefined || !kind)
    throw new UsageError(
      'Name what is denied: a worker (32 hex digits), machine (64) or measurement (96).',
    )
  const data = dataFolder(values.data, env)
  const folder = join(data, 'policy')
  if (!existsSync(join(folder, 'anchor.json')))
    throw new UsageError('No dev network with a policy of its own lies in this data folder.')
  const place = { folder, keys: join(data, 'keys'), clock: systemClock }
  const { epoch } = await reviseDevPolicy(place, ({ deny: denied }) => {
    const others = denied[kind].filter((it) => it !== name)
    return { deny: { ...denied, [kind]: values.undo ? others : [...others, name] } }
  })
  const what = values.undo ? 'not denied any more' : 'denied'
  terminal.out(`${what} from now on, by the policy of epoch ${epoch}`)
  return EXIT.ok
}

function kindOf(name: string): keyof Policy['deny'] | undefined {
  if (!/^[0-9a-f]+$/.test(name)) return undefined
  const kinds = { 32: 'kids', 64: 'hw', 96: 'measurements' } as const
  return name.length === 32 || name.length === 64 || name.length === 96
    ? kinds[name.length]
    : undefined
}

function onlyFile(positionals: readonly string[], usage: string): string {
  const [file, ...more] = positionals
  if (file === undefined || more.length > 0) throw new UsageError(`Name one file: ${usage}.`)
  return file
}

function readPolicy(file: string): Policy {
  return parsePolicyDraft(fromUtf8(readSmall(file)) ?? '')
}

function readSmall(file: string): Uint8Array {
  let size: number
  try {
    size = statSync(file).size
    if (size <= maxPolicyBytes) return readFileSync(file)
  } catch {
    throw new UsageError(`The file cannot be read: ${file}`)
  }
  throw new TeeError('POL_SHAPE')
}

function readSigner(file: string): Signer {
  const seed = Uint8Array.from(readSmall(file))
  if (seed.length !== SEED_BYTES)
    throw new UsageError('A signing key is a file of 32 bytes; policy keygen makes one.')
  const signer = signerOf(seed)
  seed.fill(0)
  return signer
}

async function signaturesOf(policy: Policy): Promise<ShownSignature[]> {
  const rights = await checkSignaturesByNode(signatureChecks(policy))
  return policy.signatures.map(({ key }, at) => ({ key, isRight: rights[at] === true }))
}
