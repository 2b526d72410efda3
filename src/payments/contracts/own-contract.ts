/** @module What the wrappers of both contracts are made of. */
import {
  type Address,
  beginCell,
  type Cell,
  type Contract,
  type ContractProvider,
  contractAddress,
  type Sender,
  SendMode,
  type StateInit,
  type TupleReader,
} from '@ton/core'

/** A contract of ours at an address; `init` where it is known what is deployed there. */
export abstract class OwnContract implements Contract {
  readonly address: Address
  readonly init: StateInit | undefined

  protected constructor(address: Address, init?: StateInit) {
    this.address = address
    this.init = init
  }

  /** Sends a body. What the contract does not need of `value` comes back. */
  async sendBody(
    provider: ContractProvider,
    via: Sender,
    message: { value: bigint; body: Cell },
  ): Promise<void> {
    await provider.internal(via, { ...message, sendMode: SendMode.PAY_GAS_SEPARATELY })
  }

  async getVersion(provider: ContractProvider): Promise<number> {
    const { stack } = await provider.get('getVersion', [])
    return stack.readNumber()
  }
}

/** Where code and first data live: the same pair is the same address of the base chain. */
export const placeOf = (init: { code: Cell; data: Cell }): Address => contractAddress(0, init)

export const readBytes32 = (stack: TupleReader): Buffer =>
  Buffer.from(beginCell().storeUint(stack.readBigNumber(), 256).endCell().bits.toString(), 'hex')
