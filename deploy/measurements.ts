/** @module What a policy entry must say, as far as it can be computed from files: initdata, compose and event log. The rest is the firmware's. */
import { createHash } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'
import { nodeHashes } from '../src/tee/crypto/node-crypto.ts'
import { composeHashOf } from '../src/tee/verify/policy/event-log.ts'

export type Tee = 'tdx' | 'snp'

/** Values for the marks `@NAME@` of a template. */
export type Marks = Readonly<Record<string, string>>

/** Puts values in place of marks. Throws for a mark without a value and for a value that could leave its quotes. */
export function fill(template: string, marks: Marks): string {
  return template.replaceAll(/@([A-Z_]+)@/g, (_mark, name: string) => {
    const value = marks[name]
    if (value === undefined) throw new Error(`no value for ${name}`)
    if (!/^[\w.:/@+=-]*$/.test(value))
      throw new Error(`${name} has characters that are not allowed`)
    return value
  })
}

export interface Initdata {
  /** The document, whose exact bytes are measured. */
  readonly toml: string
  /** Value of the pod's annotation: gzip, base64. */
  readonly annotation: string
  /** What the hardware's report carries, hex: 48 bytes of MRCONFIGID or 32 bytes of HOSTDATA. */
  readonly measured: string
}

/**
 * Initdata of a confidential container: SHA-384 of the document is MRCONFIGID (TDX), SHA-256 is HOSTDATA (SEV-SNP).
 * `parts`: the text of each file by its name. Throws for a part that holds the quotes that would end it.
 */
export function initdataOf(tee: Tee, parts: Readonly<Record<string, string>>): Initdata {
  const algorithm = tee === 'tdx' ? 'sha384' : 'sha256'
  const data = Object.entries(parts).map(([name, text]) => {
    if (text.includes("'''")) throw new Error(`${name} holds three quotes`)
    return `"${name}" = '''\n${text.trimEnd()}\n'''\n`
  })
  const toml = `version = "0.1.0"\nalgorithm = "${algorithm}"\n\n[data]\n${data.join('\n')}`
  return {
    toml,
    // The time of packing is not packed: the same document gives the same annotation.
    annotation: gzipSync(Buffer.from(toml), { level: 9 }).toString('base64'),
    measured: createHash(algorithm).update(toml).digest('hex'),
  }
}

/** The measured value of an annotation as it stands in a manifest; by its own `algorithm` line. Throws for anything else. */
export function measuredOf(annotation: string): { algorithm: string; measured: string } {
  const toml = gunzipSync(Buffer.from(annotation, 'base64'), { maxOutputLength: 1_048_576 })
  const algorithm = /^algorithm\s*=\s*"(sha256|sha384)"\s*$/m.exec(toml.toString('utf8'))?.[1]
  if (algorithm === undefined) throw new Error('no algorithm that a report has room for')
  return { algorithm, measured: createHash(algorithm).update(toml).digest('hex') }
}

/** dstack's compose-hash: SHA-256 of the bytes of `app-compose.json` as they are deployed. */
export const composeHash = (appCompose: Uint8Array): string =>
  createHash('sha256').update(appCompose).digest('hex')

/** An `app-compose.json` around a compose file: no logs or system facts to the outside, no key service, no other settings than these. */
export const appCompose = (name: string, dockerCompose: string): string =>
  JSON.stringify({
    manifest_version: 2,
    name,
    runner: 'docker-compose',
    docker_compose_file: dockerCompose,
    kms_enabled: false,
    gateway_enabled: false,
    local_key_provider_enabled: false,
    key_provider: 'none',
    public_logs: false,
    public_sysinfo: false,
    public_tcbinfo: true,
    allowed_envs: ['CHRYSALIS_GATEWAY_URL', 'CHRYSALIS_JOIN', 'CHRYSALIS_PAYOUT'],
    no_instance_id: true,
    secure_time: true,
  })

/** The compose-hash that an event log names, when the log replays to this RTMR3; undefined otherwise. */
export const replayed = (eventLog: string, rtmr3: string): string | undefined =>
  composeHashOf(eventLog, rtmr3, nodeHashes)

/** What no file here tells, and who does. */
export const NEEDS_FIRMWARE = {
  tdx: [
    'mrtd: the TDVF build (OVMF.inteltdx.fd of the runtime), by its own measuring tool or from a quote of a first start',
    'rtmr0: firmware settings and the shape of the VM (processors, memory, devices); one entry for each shape',
    'rtmr1: the kernel and, with direct boot, its set-up header',
    'rtmr2: kernel command line and initrd of the guest image',
    'rtmr3: zeros for Kata without an in-guest log; dstack names composeHash instead',
    'tdAttributes, xfam, mrOwner, mrOwnerConfig: from a quote of a first start',
  ],
  snp: [
    'snp.measurement: OVMF, kernel, initrd, command line, processors and their type, by sev-snp-measure or from a first report',
    'snp.policy, idKeyDigest, authorKeyDigest: as the runtime is configured; from a first report',
    'snp.minTcb: the newest that AMD has published for the product',
  ],
} as const satisfies Record<Tee, readonly string[]>
