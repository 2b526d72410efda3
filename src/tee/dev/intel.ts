/** @module The dev network's own collateral service: what Intel's would answer, signed by the dev PKI, as fresh as it is asked for. */
import type { Clock } from '../../core/clock.ts'
import type { IntelService } from '../collateral/intel.ts'
import type { Collateral } from '../verify/collateral.ts'
import type { DevPki } from './pki.ts'
import { type CollateralEdits, devTdxCollateral } from './tdx-collateral.ts'
import { DEV_PLATFORM, tdxAuthorities } from './tdx-pki.ts'

/** `edits`: what tests change before it is signed, asked for at each call. */
export function createDevIntel(
  pki: DevPki,
  clock: Clock,
  edits: () => CollateralEdits = () => ({}),
): IntelService {
  const platform = { ...DEV_PLATFORM, ppid: new Uint8Array(16) }
  const authorities = tdxAuthorities(pki, platform)
  const now = (): Collateral => devTdxCollateral(authorities, clock.now(), edits())
  return {
    tcbInfo: async () => {
      const { tcb_info: text, tcb_info_signature: signature, tcb_info_issuer_chain: chain } = now()
      return { text, signature, chain }
    },
    qeIdentity: async () => {
      const it = now()
      return {
        text: it.qe_identity,
        signature: it.qe_identity_signature,
        chain: it.qe_identity_issuer_chain,
      }
    },
    pckCrl: async () => {
      const { pck_crl: der, pck_crl_issuer_chain: chain } = now()
      return { der, chain }
    },
    rootCrl: async () => ({ der: now().root_ca_crl, chain: '' }),
  }
}
