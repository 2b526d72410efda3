/** @module A vault as an object of @ton/core: address from configuration, messages, getters. */
import { type Address, type Cell, type ContractProvider, type Sender } from '@ton/core'
import { parsePayee } from './cells.ts'
import { contractCode } from './code.ts'
import { PENDING, type PendingKind } from './opcodes.ts'
import { OwnContract, placeOf, readBytes32 } from './own-contract.ts'
import { type VaultCaps, type VaultConfig, vaultData } from './vault-config.ts'
import { topUpBody } from './vault-messages.ts'

/** Amounts in nano, times in unix seconds. */
export interface VaultState {
  readonly version: number
  readonly pausedUntil: number
  readonly pauseAllowedAt: number
  readonly windowStart: number
  readonly windowSpent: bigint
  readonly claimStart: number
  readonly claimSpent: bigint
  readonly prevClaimSpent: bigint
  readonly totalPaid: bigint
  readonly payees: number
}

export interface VaultKeys {
  readonly key: Buffer
  readonly epoch: number
  readonly prevKey: Buffer
  readonly prevValidUntil: number
}

export interface VaultCommit {
  readonly epoch: number
  readonly total: bigint
  readonly root: string
  readonly at: number
}

export interface PendingChange {
  readonly requestedAt: number
  readonly unlockAt: number
  readonly change: Cell
}

/** Its messages are the bodies of `vault-messages.ts`, sent by `sendBody`. */
export class Vault extends OwnContract {
  static createFromAddress(address: Address): Vault {
    return new Vault(address)
  }

  /** The address follows from code and configuration alone: the same configuration is the same vault. */
  static createFromConfig(config: VaultConfig, code: Cell = contractCode('vault')): Vault {
    const init = { code, data: vaultData(config) }
    return new Vault(placeOf(init), init)
  }

  /** Deploys with a first top-up; on an existing vault this only adds to the balance. */
  async sendDeploy(provider: ContractProvider, via: Sender, value: bigint): Promise<void> {
    await this.sendBody(provider, via, { value, body: topUpBody() })
  }

  /** Lifetime total that was ever paid to a payee (64 hex characters), in nano. */
  async getPaidTo(provider: ContractProvider, payee: string): Promise<bigint> {
    const { stack } = await provider.get('paidTo', [{ type: 'int', value: parsePayee(payee) }])
    return stack.readBigNumber()
  }

  async getVault(provider: ContractProvider): Promise<VaultState> {
    const { stack } = await provider.get('getVault', [])
    return {
      version: stack.readNumber(),
      pausedUntil: stack.readNumber(),
      pauseAllowedAt: stack.readNumber(),
      windowStart: stack.readNumber(),
      windowSpent: stack.readBigNumber(),
      claimStart: stack.readNumber(),
      claimSpent: stack.readBigNumber(),
      prevClaimSpent: stack.readBigNumber(),
      totalPaid: stack.readBigNumber(),
      payees: stack.readNumber(),
    }
  }

  async getKeys(provider: ContractProvider): Promise<VaultKeys> {
    const { stack } = await provider.get('getKeys', [])
    return {
      key: readBytes32(stack),
      epoch: stack.readNumber(),
      prevKey: readBytes32(stack),
      prevValidUntil: stack.readNumber(),
    }
  }

  async getCaps(provider: ContractProvider): Promise<VaultCaps> {
    const { stack } = await provider.get('getCaps', [])
    return {
      batchCap: stack.readBigNumber(),
      dayCap: stack.readBigNumber(),
      claimDayCap: stack.readBigNumber(),
      claimFloor: stack.readBigNumber(),
      withdrawDelay: stack.readNumber(),
      capsDelay: stack.readNumber(),
      keyDelay: stack.readNumber(),
      codeDelay: stack.readNumber(),
      minOverlap: stack.readNumber(),
    }
  }

  async getRoles(provider: ContractProvider): Promise<{ owner: Address; guardian: Address }> {
    const { stack } = await provider.get('getRoles', [])
    return { owner: stack.readAddress(), guardian: stack.readAddress() }
  }

  async getCommit(provider: ContractProvider): Promise<VaultCommit> {
    const { stack } = await provider.get('getCommit', [])
    return {
      epoch: stack.readNumber(),
      total: stack.readBigNumber(),
      root: readBytes32(stack).toString('hex'),
      at: stack.readNumber(),
    }
  }

  /** The change of a kind that waits for its time, or undefined. */
  async getPending(
    provider: ContractProvider,
    kind: PendingKind,
  ): Promise<PendingChange | undefined> {
    const { stack } = await provider.get('getPending', [
      { type: 'int', value: BigInt(PENDING[kind]) },
    ])
    const requestedAt = stack.readNumber()
    const unlockAt = stack.readNumber()
    const change = stack.readCellOpt()
    return change ? { requestedAt, unlockAt, change } : undefined
  }

  /** Nano that no payout and no withdrawal may touch: rent of two years. */
  async getReserve(provider: ContractProvider): Promise<bigint> {
    const { stack } = await provider.get('getReserve', [])
    return stack.readBigNumber()
  }
}
