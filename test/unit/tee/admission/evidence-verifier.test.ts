import { beforeEach, describe, expect, test } from 'vitest'
import type { FrameOf } from '../../../../src/core/frames.ts'
import { gpuHash } from '../../../../src/tee/admission/claims.ts'
import { createEvidenceVerifier } from '../../../../src/tee/admission/evidence-verifier.ts'
import { Refusal } from '../../../../src/tee/admission/refusal.ts'
import { toBase64url } from '../../../../src/tee/crypto/binary.ts'
import type { Nras, NrasQuestion } from '../../../../src/tee/evidence/nras.ts'
import type { TeeCode } from '../../../../src/tee/verify/codes.ts'
import type { Verdict } from '../../../../src/tee/verify/examination.ts'
import {
  NOW_MS,
  register,
  somePolicy,
  someVerdict,
  tdxEntry,
  tdxMeasured,
} from '../../../support/policy.ts'

const reportData = new Uint8Array(64).fill(1)
const gpuNonce = new Uint8Array(32).fill(2)
const bound = { reportData, gpuNonce, kid: register(0xaa, 16), nowMs: NOW_MS }
const gpu = {
  arch: 'HOPPER',
  evidence: toBase64url(new Uint8Array(9)),
  certificate: toBase64url(new Uint8Array(5)),
}
const entry = tdxEntry({
  gpu: {
    drivers: ['580.95.05'],
    vbios: ['96.00.9f.00.01'],
    golden: { '1': register(1) },
    nras: 'required',
  },
})
const cpuVerdict = someVerdict(tdxMeasured(entry), { reportData })
const gpuVerdict = someVerdict(
  {
    tee: 'nvidia',
    driver: '580.95.05',
    vbios: '96.00.9f.00.01',
    fwid: register(3),
    blocks: { '1': register(1) },
  },
  { reportData: gpuNonce, hardware: register(9, 32) },
)
/** Only what the verifier reads. */
const frame = {
  type: 'evidence',
  quote: toBase64url(new Uint8Array(4)),
  gpu: [gpu],
  claims: { gpus: [gpuHash(gpu) ?? ''], models: entry.models },
} as unknown as FrameOf<'evidence'>

let asked: NrasQuestion[]
beforeEach(() => {
  asked = []
})
const answering = (codes: readonly TeeCode[]): Nras => ({
  check: async (question) => {
    asked.push(question)
    return codes
  },
})

function verifierOf({
  nras,
  wanted = 'required',
  shown = gpuVerdict,
}: {
  nras?: Nras
  wanted?: 'required' | 'off'
  shown?: Verdict
} = {}) {
  const policy = somePolicy({
    entries: [{ ...entry, ...(entry.gpu && { gpu: { ...entry.gpu, nras: wanted } }) }],
  })
  return createEvidenceVerifier({
    net: 'mainnet',
    examiner: {
      cpu: async () => ({ tee: 'tdx', verdict: cpuVerdict, collateral: null }),
      gpu: async () => shown,
    },
    ...(nras && { nras }),
    inForce: () => ({ current: policy }),
  })
}
const refused = (verifier: ReturnType<typeof verifierOf>): Promise<unknown> =>
  verifier.verify(frame, bound).then(
    () => 'accepted',
    (error: unknown) => (error instanceof Refusal ? error.reason : error),
  )

describe('NVIDIA’s word on the GPUs of a worker', () => {
  test('is asked for once, over the same nonce and bytes, and kept for later policies', async () => {
    const verifier = verifierOf({ nras: answering([]) })
    const accepted = await verifier.verify(frame, bound)

    expect(accepted.tier).toBe('gpu-tee')
    expect(asked).toHaveLength(1)
    expect(asked[0]?.nonce).toEqual(gpuNonce)
    expect(asked[0]?.gpus.map(({ evidence }) => evidence.length)).toEqual([9])
    expect(verifier.rejudge(frame, accepted, bound)).toBeUndefined()
  })

  test('that is against them names its reason', async () => {
    expect(await refused(verifierOf({ nras: answering(['GPU_NRAS_FETCH']) }))).toBe(
      'GPU_NRAS_FETCH',
    )
    expect(
      await refused(verifierOf({ nras: answering(['GPU_NRAS_NONCE', 'GPU_NRAS_RESULT']) })),
    ).toBe('GPU_NRAS_NONCE')
  })

  test('that nobody can ask for admits nobody where the policy wants it', async () => {
    expect(await refused(verifierOf())).toBe('GPU_NRAS_RESULT')
  })

  test('is not asked for where the policy does not want it, or the evidence is bad already', async () => {
    expect(await refused(verifierOf({ nras: answering(['GPU_NRAS_FETCH']), wanted: 'off' }))).toBe(
      'accepted',
    )
    const shown: Verdict = { ...gpuVerdict, ok: false, code: 'GPU_SIG', failed: ['GPU_SIG'] }
    expect(await refused(verifierOf({ nras: answering([]), shown }))).toBe('GPU_SIG')
    expect(asked).toEqual([])
  })

  test('is missed when a later policy wants it', async () => {
    const accepted = await verifierOf({ wanted: 'off' }).verify(frame, bound)

    expect(verifierOf().rejudge(frame, accepted, bound)).toBe('GPU_NRAS_RESULT')
  })
})
