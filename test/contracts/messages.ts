/** @module Every message of both contracts in a state in which its rightful sender succeeds: the sweeps start from here. */
import type { Address, Cell } from '@ton/core'
import { beginCell } from '@ton/core'
import { commitCell, settleCell, voucherCell } from '../../src/payments/contracts/cells.ts'
import * as registryMessage from '../../src/payments/contracts/registry-messages.ts'
import { DEFAULT_CAPS } from '../../src/payments/contracts/vault-config.ts'
import * as vaultMessage from '../../src/payments/contracts/vault-messages.ts'
import { payeeAt } from '../support/big-vault.ts'
import {
  type ContractWorld,
  coins,
  DAY,
  HOUR,
  party,
  type WorldOptions,
} from '../support/contract-world.ts'
import { imageEntry, registryWorld } from '../support/registry-world.ts'
import { entriesOf, keyOf, vaultWorld } from '../support/vault-world.ts'

export interface Case {
  readonly name: string
  /** A world in which each of `from` may send `body`, and nobody else when `only` is set. */
  readonly ready: (options: WorldOptions) => Promise<{
    world: ContractWorld
    body: Cell
    from: readonly Address[]
  }>
  /** False: anyone may send it. */
  readonly only: boolean
  /** Nano that leave the contract besides the excess. */
  readonly spends: bigint
}

const next = party('next owner')
const newCode = beginCell().storeUint(0xc0de, 16).endCell()

type Vault = Awaited<ReturnType<typeof vaultWorld>>
type Registry = Awaited<ReturnType<typeof registryWorld>>

const vaultCase = (
  name: string,
  prepare: (
    vault: Vault,
  ) =>
    | Promise<{ body: Cell; from?: readonly Address[] }>
    | { body: Cell; from?: readonly Address[] },
  spends = 0n,
): Case => ({
  name: `vault ${name}`,
  only: !['Settle', 'Claim', 'CommitLiability'].includes(name),
  spends,
  ready: async (options) => {
    const world = await vaultWorld(options)
    const { body, from } = await prepare(world)
    return { world, body, from: from ?? [world.owner] }
  },
})

const registryCase = (
  name: string,
  prepare: (
    registry: Registry,
  ) =>
    | Promise<{ body: Cell; from?: readonly Address[] }>
    | { body: Cell; from?: readonly Address[] },
): Case => ({
  name: `registry ${name}`,
  only: name !== 'Execute',
  spends: 0n,
  ready: async (options) => {
    const world = await registryWorld({
      ...options,
      content: { entries: new Map([['aa'.repeat(32), imageEntry()]]) },
    })
    const { body, from } = await prepare(world)
    return { world, body, from: from ?? [world.owner] }
  },
})

const executed = (
  kind: 'withdraw' | 'caps' | 'key' | 'roles' | 'code',
  request: Cell,
  spends = 0n,
): Case =>
  vaultCase(
    `Execute ${kind}`,
    async (vault) => {
      await vault.send(vault.owner, request)
      vault.pass(7 * DAY)
      if (kind === 'withdraw') await vault.commit(0n)
      const change = kind === 'code' ? { kind, code: newCode } : { kind }
      return { body: vaultMessage.executeBody(change) }
    },
    spends,
  )

const roles = vaultMessage.requestRolesBody({ owner: next, guardian: party('next guardian') })

export const CASES: readonly Case[] = [
  vaultCase(
    'Settle',
    (vault) => {
      const cell = settleCell(vault.domain(), {
        validUntil: vault.now() + 600,
        batch: 1n,
        entries: entriesOf(20, coins(0.5)),
      })
      const body = vaultMessage.settleBody({ cell, signature: keyOf(1).sign(cell) })
      return { body, from: [vault.relayer] }
    },
    coins(10),
  ),
  vaultCase(
    'Claim',
    (vault) => {
      const cell = voucherCell(vault.domain(), { payee: payeeAt(0), total: coins(2) })
      const body = vaultMessage.claimBody({ cell, signature: keyOf(1).sign(cell) })
      return { body, from: [vault.relayer] }
    },
    coins(2),
  ),
  vaultCase('CommitLiability', (vault) => {
    const cell = commitCell(vault.domain(), { commitEpoch: 1, total: 5n, root: '00'.repeat(32) })
    const body = vaultMessage.commitBody({ cell, signature: keyOf(1).sign(cell) })
    return { body, from: [vault.relayer] }
  }),
  vaultCase('Pause', (vault) => ({
    body: vaultMessage.pauseBody(vault.now() + HOUR),
    from: [vault.owner, vault.guardian],
  })),
  vaultCase('Unpause', async (vault) => {
    await vault.send(vault.owner, vaultMessage.pauseBody(vault.now() + HOUR))
    return { body: vaultMessage.unpauseBody() }
  }),
  vaultCase('LowerCaps', (vault) => ({
    body: vaultMessage.lowerCapsBody({ ...DEFAULT_CAPS, batchCap: 1n }),
    from: [vault.owner, vault.guardian],
  })),
  vaultCase('RequestWithdraw', () => ({ body: vaultMessage.requestWithdrawBody(coins(1)) })),
  vaultCase('RequestCaps', () => ({ body: vaultMessage.requestCapsBody(DEFAULT_CAPS) })),
  vaultCase('RequestKey', () => ({
    body: vaultMessage.requestKeyBody({ key: keyOf(2).publicKey, overlap: 7 * DAY }),
  })),
  vaultCase('RequestRoles', () => ({ body: roles })),
  vaultCase('RequestCode', () => ({ body: vaultMessage.requestCodeBody(newCode.hash()) })),
  executed('withdraw', vaultMessage.requestWithdrawBody(coins(3)), coins(3)),
  executed('caps', vaultMessage.requestCapsBody({ ...DEFAULT_CAPS, dayCap: coins(2000) })),
  executed('key', vaultMessage.requestKeyBody({ key: keyOf(2).publicKey, overlap: 7 * DAY })),
  executed('roles', roles),
  executed('code', vaultMessage.requestCodeBody(newCode.hash())),
  vaultCase('Cancel', async (vault) => {
    await vault.send(vault.owner, vaultMessage.requestWithdrawBody(coins(1)))
    return { body: vaultMessage.cancelBody('withdraw'), from: [vault.owner, vault.guardian] }
  }),
  vaultCase('AcceptOwner', async (vault) => {
    await vault.send(vault.owner, roles)
    vault.pass(72 * HOUR)
    await vault.execute('roles')
    return { body: vaultMessage.acceptOwnerBody(), from: [next] }
  }),
  registryCase('Propose', () => ({
    body: registryMessage.proposeBody({ kind: 'policy', hash: '01'.repeat(32) }),
  })),
  registryCase('Execute', async (registry) => {
    const id = await registry.propose({ kind: 'policy', hash: '01'.repeat(32) })
    registry.pass(48 * HOUR)
    return { body: registryMessage.executeProposalBody({ id }), from: [party('anyone')] }
  }),
  registryCase('Cancel', async (registry) => ({
    body: registryMessage.cancelProposalBody(
      await registry.propose({ kind: 'policy', hash: '01'.repeat(32) }),
    ),
    from: [registry.owner, registry.guardian],
  })),
  registryCase('Revoke', (registry) => ({
    body: registryMessage.revokeBody({ kind: 'worker-image', key: 'aa'.repeat(32) }),
    from: [registry.owner, registry.guardian],
  })),
  registryCase('SetPrices', (registry) => ({
    body: registryMessage.setPricesBody({
      version: 1,
      hash: '44'.repeat(32),
      validFrom: 0,
      customerUp: false,
      workerDown: false,
    }),
    from: [registry.pricing],
  })),
  registryCase('AcceptOwner', async (registry) => {
    const id = await registry.propose({ kind: 'owner', address: next })
    registry.pass(72 * HOUR)
    return { body: registryMessage.acceptRegistryBody(id), from: [next] }
  }),
]
