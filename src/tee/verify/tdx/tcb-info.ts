/** @module Intel's TCB info for TDX (version 3) and the identity of its quoting enclave (version 2 or 3), read from the signed texts. */
import { TeeError } from '../codes.ts'
import type { TcbStatus } from '../examination.ts'
import { type Members, membersOfText } from './signed-json.ts'

/** A level of security versions and what Intel says about it. `status` is unknown to us when it is undefined. */
export interface Level {
  readonly status: TcbStatus | undefined
  readonly dateMs: number
  readonly advisories: readonly string[]
}

export interface PlatformLevel extends Level {
  /** 16 numbers each. */
  readonly sgx: readonly number[]
  readonly tdx: readonly number[]
  readonly pceSvn: number
}

export interface IsvLevel extends Level {
  readonly isvSvn: number
}

/** Who signed a TDX module, and which attribute bits it must have. */
export interface ModuleMark {
  readonly mrSigner: Uint8Array
  readonly attributes: Uint8Array
  readonly mask: Uint8Array
}

interface ModuleIdentity extends ModuleMark {
  /** Upper case: `TDX_03`. */
  readonly id: string
  readonly levels: readonly IsvLevel[]
}

/** What both texts begin with; times in unix milliseconds. */
interface Signed {
  readonly issuedAt: number
  readonly nextUpdate: number
  readonly evalNumber: number
}

export interface TcbInfo extends Signed {
  readonly fmspc: Uint8Array
  readonly pceId: Uint8Array
  readonly module: ModuleMark
  readonly modules: readonly ModuleIdentity[]
  /** In Intel's order: the first one that a platform reaches is its level. */
  readonly levels: readonly PlatformLevel[]
}

export interface QeIdentity extends Signed {
  /** As the text has it, most significant byte first: the reverse of the report's order. */
  readonly miscSelect: Uint8Array
  readonly miscSelectMask: Uint8Array
  readonly attributes: Uint8Array
  readonly attributesMask: Uint8Array
  readonly mrSigner: Uint8Array
  readonly isvProdId: number
  readonly levels: readonly IsvLevel[]
}

const STATUSES = [
  'UpToDate',
  'SWHardeningNeeded',
  'ConfigurationNeeded',
  'ConfigurationAndSWHardeningNeeded',
  'OutOfDate',
  'OutOfDateConfigurationNeeded',
  'Revoked',
] as const satisfies readonly TcbStatus[]

const MAX_EVAL_NUMBER = 0xffffffff

/** Throws `COL_ID` for another kind or version, `COL_SHAPE` for anything missing or of the wrong type. Checks no signature and no time. */
export function readTcbInfo(text: string): TcbInfo {
  const info = membersOfText(text)
  if (info.text('id') !== 'TDX' || info.number('version', 0xffff) !== 3)
    throw new TeeError('COL_ID', 'tcb_info')
  return {
    ...readSigned(info),
    fmspc: info.hex('fmspc', 6),
    pceId: info.hex('pceId', 2),
    module: readMark(info.object('tdxModule')),
    modules: info.has('tdxModuleIdentities')
      ? info.objects('tdxModuleIdentities').map((module) => ({
          ...readMark(module),
          id: module.text('id').toUpperCase(),
          levels: module.objects('tcbLevels').map(readIsvLevel),
        }))
      : [],
    levels: info.objects('tcbLevels').map((level) => {
      const tcb = level.object('tcb')
      return {
        ...readLevel(level),
        sgx: readComponents(tcb, 'sgxtcbcomponents'),
        tdx: readComponents(tcb, 'tdxtcbcomponents'),
        pceSvn: tcb.number('pcesvn', 0xffff),
      }
    }),
  }
}

/** Throws as `readTcbInfo` does. */
export function readQeIdentity(text: string): QeIdentity {
  const identity = membersOfText(text)
  const version = identity.number('version', 0xffff)
  if (identity.text('id') !== 'TD_QE' || (version !== 2 && version !== 3))
    throw new TeeError('COL_ID', 'qe_identity')
  return {
    ...readSigned(identity),
    miscSelect: identity.hex('miscselect', 4),
    miscSelectMask: identity.hex('miscselectMask', 4),
    attributes: identity.hex('attributes', 16),
    attributesMask: identity.hex('attributesMask', 16),
    mrSigner: identity.hex('mrsigner', 32),
    isvProdId: identity.number('isvprodid', 0xffff),
    levels: identity.objects('tcbLevels').map(readIsvLevel),
  }
}

const readSigned = (of: Members): Signed => ({
  issuedAt: of.date('issueDate'),
  nextUpdate: of.date('nextUpdate'),
  evalNumber: of.number('tcbEvaluationDataNumber', MAX_EVAL_NUMBER),
})

const readMark = (of: Members): ModuleMark => ({
  mrSigner: of.hex('mrsigner', 48),
  attributes: of.hex('attributes', 8),
  mask: of.hex('attributesMask', 8),
})

const readLevel = (of: Members): Level => ({
  status: STATUSES.find((status) => status === of.text('tcbStatus')),
  dateMs: of.date('tcbDate'),
  advisories: of.texts('advisoryIDs'),
})

const readIsvLevel = (of: Members): IsvLevel => ({
  ...readLevel(of),
  isvSvn: of.object('tcb').number('isvsvn', 0xffff),
})

function readComponents(tcb: Members, name: string): readonly number[] {
  const components = tcb.objects(name).map((component) => component.number('svn', 0xff))
  if (components.length !== 16) throw new TeeError('COL_SHAPE', name)
  return components
}
