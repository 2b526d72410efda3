/** @module Which verifier examines which kind of evidence, and what its files hold. */
import { fromUtf8 } from '../core/bytes.ts'
import { parseCollateral } from '../tee/verify/collateral.ts'
import type { Examination, VerifyContext } from '../tee/verify/examination.ts'
import { examineGpu } from '../tee/verify/nvidia/verify.ts'
import { derInTable } from '../tee/verify/snp/certificate-table.ts'
import { examineSnp } from '../tee/verify/snp/verify.ts'
import { examineTdx } from '../tee/verify/tdx/verify.ts'
import { splitCertificates } from './evidence-files.ts'

/** Bytes as read; the evidence itself already decoded from hex or base64. */
export interface EvidenceFiles {
  readonly evidence: Uint8Array
  readonly collateral: Uint8Array | undefined
  readonly chain: Uint8Array | undefined
}

/** `takes`: the options that mean something for this kind. */
interface Kind {
  readonly takes: readonly ('collateral' | 'chain')[]
  readonly examine: (files: EvidenceFiles, context: VerifyContext) => Examination
}

export const KINDS = {
  tdx: {
    takes: ['collateral'],
    examine: ({ evidence, collateral }, context) =>
      examineTdx(
        { quote: evidence, ...(collateral ? { collateral: readCollateral(collateral) } : {}) },
        context,
      ),
  },
  snp: {
    // The collateral of AMD is one list, signed by its root.
    takes: ['collateral', 'chain'],
    examine: ({ evidence, collateral, chain = new Uint8Array() }, context) => {
      const handedOut = derInTable(chain)
      const crl = collateral ? splitCertificates(collateral)[0] : handedOut?.crl
      return examineSnp(
        {
          report: evidence,
          chain: handedOut?.chain ?? splitCertificates(chain),
          ...(crl ? { crl } : {}),
        },
        context,
      )
    },
  },
  nvidia: {
    takes: ['chain'],
    examine: ({ evidence, chain = new Uint8Array() }, context) =>
      examineGpu({ evidence, chain: splitCertificates(chain) }, context),
  },
} as const satisfies Readonly<Record<Examination['tee'], Kind>>

/** Text that is no JSON of nine strings is handed on as null, which the verifier refuses with its code. */
function readCollateral(bytes: Uint8Array): unknown {
  try {
    return parseCollateral(fromUtf8(bytes) ?? '')
  } catch {
    return null
  }
}
