/** @module `chrysalis hardware`: whose workers may connect, and on which machines; what an operator keeps by hand (CONF §12). */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { systemClock } from '../core/clock.ts'
import type { Environment } from '../core/config.ts'
import { openDatabase } from '../db/database.ts'
import { createHardwareStore, type HardwareStore } from '../gateway/hardware-store.ts'
import { createJoinStore, type JoinStore } from '../gateway/join-store.ts'
import { joinTokenHash } from '../tee/admission/join.ts'
import { toBase64url } from '../tee/crypto/binary.ts'
import { nodeHashes } from '../tee/crypto/node-crypto.ts'
import { hardwareHash } from '../tee/verify/policy/hardware-id.ts'
import { dataFolder } from './paths.ts'
import { EXIT, type Terminal } from './terminal.ts'
import { parseOptions, UsageError } from './usage.ts'

interface Stores {
  readonly hardware: HardwareStore
  readonly joins: JoinStore
  readonly terminal: Terminal
}

/** Exit codes: 0 done, 1 not done, 2 a wrong command line. Needs the database of the gateways (`DATABASE_URL`, or the data folder of a system that is stopped). */
export async function runHardware(
  args: readonly string[],
  env: Environment,
  terminal: Terminal,
): Promise<number> {
  const [name, ...rest] = args
  const { values, positionals } = parseOptions(
    rest,
    {
      tee: { type: 'string' },
      owner: { type: 'string' },
      gpus: { type: 'string', default: '0' },
      site: { type: 'string', default: 'unknown' },
      payout: { type: 'string', default: '' },
      data: { type: 'string' },
    },
    'positionals',
  )
  const [subject, ...more] = positionals
  if (more.length > 0) throw new UsageError('hardware takes one name at a time.')
  const run = stepOf(name, subject, values)
  const url = env['DATABASE_URL'] ?? `pglite:${join(dataFolder(values.data, env), 'db')}`
  const db = await openDatabase({ url, clock: systemClock })
  try {
    const hardware = createHardwareStore({ db, gateway: 'operator', clock: systemClock })
    return await run({ hardware, joins: createJoinStore(db), terminal })
  } finally {
    await db.close()
  }
}

interface Values {
  readonly tee?: string | undefined
  readonly owner?: string | undefined
  readonly gpus: string
  readonly site: string
  readonly payout: string
}
type Step = (stores: Stores) => Promise<number>

/** Everything about the command line is judged before a database is opened. */
function stepOf(name: string | undefined, subject: string | undefined, values: Values): Step {
  switch (name ?? '') {
    case 'enrol':
      return enrol(subject, values)
    case 'list':
      return list
    case 'remove':
      return change(subject, (hardware, hw) => hardware.remove(hw))
    case 'pardon':
      return change(subject, (hardware, hw) => hardware.pardon(hw))
    case 'token':
      return issueToken(ownerOf(subject), values.payout)
    case 'revoke':
      return revokeTokens(ownerOf(subject))
    default:
      throw new UsageError('hardware takes enrol, list, remove, pardon, token or revoke.')
  }
}

function enrol(id: string | undefined, { tee, owner, gpus, site }: Values): Step {
  if (tee !== 'tdx' && tee !== 'snp') throw new UsageError('--tee is tdx or snp.')
  const lengths = { tdx: [32], snp: [128, 16] } as const
  const isId = lengths[tee].some((length) => length === id?.length)
  const hw = isId && id !== undefined ? hardwareHash(tee, id, nodeHashes) : undefined
  if (hw === undefined)
    throw new UsageError('Name the machine as "evidence verify" prints it under hardware.')
  const name = ownerOf(owner)
  if (!/^\d{1,3}$/.test(gpus)) throw new UsageError('--gpus is how many GPUs the machine has.')
  if (site !== 'unknown' && site !== 'audited')
    throw new UsageError('--site is unknown or audited.')
  return async ({ hardware, terminal }) => {
    const code = await hardware.enrol({ hw, tee, owner: name, gpus: Number(gpus), site })
    if (code !== undefined) {
      terminal.err(`Another owner has this machine. Remove it there first. [${code}]`)
      return EXIT.failed
    }
    terminal.out(`enrolled ${hw} to ${name}`)
    return EXIT.ok
  }
}

const list: Step = async ({ hardware, terminal }) => {
  const machines = await hardware.list()
  for (const { hw, tee, owner, gpus, site, isSplit } of machines)
    terminal.out(
      `${hw}  ${tee}  ${owner}  ${gpus} GPUs  site ${site}${isSplit ? '  IN QUARANTINE: live from two networks at once' : ''}`,
    )
  if (machines.length === 0) terminal.out('no machine is enrolled')
  return EXIT.ok
}

function change(
  hw: string | undefined,
  act: (hardware: HardwareStore, hw: string) => Promise<boolean>,
): Step {
  if (hw === undefined || !/^[0-9a-f]{64}$/.test(hw))
    throw new UsageError('Name a machine as "hardware list" prints it.')
  return async ({ hardware, terminal }) => {
    const isDone = await act(hardware, hw)
    if (isDone) terminal.out('done')
    else terminal.err('No such machine, or nothing to do.')
    return isDone ? EXIT.ok : EXIT.failed
  }
}

function issueToken(owner: string, payout: string): Step {
  if (!/^[A-Za-z0-9_:-]{0,80}$/.test(payout)) throw new UsageError('--payout is a wallet address.')
  return async ({ joins, terminal }) => {
    const token = toBase64url(randomBytes(32))
    await joins.add({ hash: joinTokenHash(token), owner, payout }, systemClock.now())
    terminal.out(token)
    terminal.err('Shown once: it is the CHRYSALIS_JOIN of this owner’s workers.')
    return EXIT.ok
  }
}

function revokeTokens(owner: string): Step {
  return async ({ joins, terminal }) => {
    const count = await joins.revoke(owner, systemClock.now())
    terminal.out(`revoked ${count}`)
    return count > 0 ? EXIT.ok : EXIT.failed
  }
}

function ownerOf(name: string | undefined): string {
  if (name === undefined || !/^[a-z0-9][a-z0-9-]{0,63}$/.test(name))
    throw new UsageError('An owner is named by small letters, digits and dashes.')
  return name
}
