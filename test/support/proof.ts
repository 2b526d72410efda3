/** A whole proof of a devnet answer, made by the code that makes real ones: dev quote, signed policy, receipt, note and salts. */
import { randomBytes } from 'node:crypto'
import { domain, fromHex, toBase64url, utf8 } from '../../src/core/bytes.ts'
import {
  type Canonical,
  canonicalBytes,
  canonicalText,
  parseStrictJson,
} from '../../src/core/canonical.ts'
import { isModelId, newJobId, parseId } from '../../src/core/ids.ts'
import { nodeHashes } from '../../src/tee/crypto/node-crypto.ts'
import { signerOf } from '../../src/tee/crypto/signature.ts'
import {
  DEV_GPU_DRIVER,
  DEV_GPU_VBIOS,
  type DevGpu,
  devGpu,
  devGpuRoot,
} from '../../src/tee/dev/gpu.ts'
import { createDevPki } from '../../src/tee/dev/pki.ts'
import { devEntry } from '../../src/tee/dev/policy.ts'
import { devMeasurements, devTdx } from '../../src/tee/dev/tdx.ts'
import { devTdxRoot } from '../../src/tee/dev/tdx-pki.ts'
import { identityOf } from '../../src/tee/keys/identity.ts'
import { createWorkerKeys, kidOf } from '../../src/tee/keys/keyset.ts'
import { signPolicy } from '../../src/tee/policy/signing.ts'
import { buildNote, type NoteFacts } from '../../src/tee/receipts/note.ts'
import { buildReceipt } from '../../src/tee/receipts/receipt.ts'
import { Anchors } from '../../src/tee/verify/anchors.ts'
import {
  type ClaimsDocument,
  gpuHashOf,
  gpuNonceOf,
  reportDataOf,
} from '../../src/tee/verify/claims.ts'
import { examineGpu } from '../../src/tee/verify/nvidia/verify.ts'
import { NO_POLICY, type Policy } from '../../src/tee/verify/policy/document.ts'
import { type ProofBundle, readBundle } from '../../src/tee/verify/proof/bundle.ts'
import {
  type EvidenceData,
  type EvidenceDocument,
  evidenceIdOf,
  packEvidenceData,
} from '../../src/tee/verify/proof/evidence-record.ts'
import { recordBytes } from '../../src/tee/verify/record-bytes.ts'
import { shownHash } from '../../src/tee/verify/shown-text.ts'
import { NOW_S } from './tee.ts'

const PROOF_TEXT = 'Dear neighbours,\n\nwe meet on Saturday at 18:00 in the yard.\n- bring a chair'

/** Contents of the two records. */
export const PROOF_INPUT = utf8('{"v":1}')
export const PROOF_OUTPUT = utf8(JSON.stringify({ v: 1, text: PROOF_TEXT.repeat(100) }))

const nodeHash = (bytes: Uint8Array | undefined): string =>
  Buffer.from(nodeHashes.sha256(bytes ?? new Uint8Array(0))).toString('hex')

export interface MadeProof {
  readonly bundle: ProofBundle & Required<Pick<ProofBundle, 'salts'>>
  readonly text: string
  readonly receipt: string
  readonly note: string
  readonly evidence: string
  readonly policy: Policy
}

export interface ProofWish {
  readonly gpus?: number
  readonly model?: string
  /** What the worker's receipt says otherwise than it should. */
  readonly receipt?: { weights?: string; evidenceId?: string; net?: 'testnet' }
  /** Changed before the worker signs it. */
  readonly edit?: (receipt: Record<string, unknown>) => Record<string, unknown>
  /** What the gateway's note says otherwise. */
  readonly note?: Partial<NoteFacts>
  readonly policy?: (policy: Policy) => Policy
  readonly data?: (data: EvidenceData) => EvidenceData
}

export async function madeProof(wish: ProofWish = {}): Promise<MadeProof> {
  const pki = createDevPki(new Uint8Array(32).fill(9))
  const identity = identityOf(new Uint8Array(32).fill(5))
  const signer = signerOf(new Uint8Array(32).fill(6))
  const checkedAt = NOW_S * 1000
  const keys = await createWorkerKeys('devnet', NOW_S + 80_000)
  const weights = `sha256:${'b'.repeat(64)}`
  const model = parseId(wish.model ?? 'qwen2.5-coder-1.5b', isModelId)
  const bare = {
    v: 1,
    ctx: 'chrysalis/claims/1',
    net: 'devnet',
    aud: identity.kid,
    nonce: toBase64url(randomBytes(32)),
    epoch: 1,
    keyset: keys.digest,
    models: [{ id: model, weights }],
    payout: '',
    image: '',
    notAfter: NOW_S + 80_000,
  } as const
  const nonce = gpuNonceOf(bare, nodeHashes)
  const gpu = Array.from({ length: wish.gpus ?? 0 }, (_, place) => {
    const made = devGpu(pki, { nonce, device: `gpu-${String(place)}` })
    const certificate = toBase64url(utf8(made.certificate))
    return { arch: made.arch, evidence: toBase64url(made.evidence), certificate }
  })
  const claims: ClaimsDocument = {
    ...bare,
    gpus: gpu.map((it) => gpuHashOf(it, nodeHashes) ?? ''),
  }
  const { quote, collateral } = devTdx(pki, {
    nowMs: checkedAt,
    reportData: reportDataOf(claims, nodeHashes),
  })
  const gpuRule = {
    drivers: [DEV_GPU_DRIVER],
    vbios: [DEV_GPU_VBIOS],
    golden: goldenOf(devGpu(pki, { nonce }), checkedAt),
    nras: 'off',
  } as const
  const entry = devEntry(
    { tee: 'tdx', ...devMeasurements() },
    gpu.length > 0 ? { gpu: gpuRule } : {},
  )
  const wished: Policy = {
    v: 1,
    net: 'devnet',
    epoch: 1,
    prev: NO_POLICY,
    notBefore: NOW_S - 86_400,
    notAfter: NOW_S + 365 * 86_400,
    minEvalNumber: 0,
    tcb: { outOfDateDays: 0, advisories: [] },
    entries: [{ ...entry, models: [{ id: model, weights }] }],
    deny: { kids: [], hw: [], measurements: [] },
    signatures: [],
  }
  const policy = signPolicy(wish.policy?.(wished) ?? wished, signer)
  const plain: EvidenceData = {
    v: 1,
    ctx: 'chrysalis/evidence/1',
    claims,
    keyset: keys.keyset,
    sig: toBase64url(
      keys.signer.sign(domain('chrysalis/admit/1', nodeHashes.sha256(canonicalBytes(claims)))),
    ),
    tee: 'tdx',
    quote: toBase64url(quote),
    gpu,
    collateral,
    policy,
    devRoots: { intel: [devTdxRoot(pki)], amd: [], nvidia: [devGpuRoot(pki)] },
    checkedAt,
  }
  const document = documentOf(wish.data?.(plain) ?? plain)
  const salts = { input: randomBytes(32), output: randomBytes(32) }
  const shown = shownHash(PROOF_TEXT, salts.output, nodeHashes)
  const job = newJobId()
  const h = (letter: string): string => letter.repeat(64)
  const units = { inTokens: 41, cachedTokens: 0, outTokens: 23, audioMs: 0 }
  const honest = buildReceipt(
    keys,
    {
      net: 'devnet',
      aud: identity.kid,
      job,
      attempt: 1,
      epoch: 1,
      evidenceId: evidenceIdOf(document, nodeHashes),
      task: 'translate',
      model,
      weights,
      envHash: h('c'),
      inputHash: nodeHash(recordBytes(PROOF_INPUT, salts.input)),
      outputHash: nodeHash(recordBytes(PROOF_OUTPUT, salts.output)),
      streamHash: h('f'),
      shownHash: shown,
      ...wish.receipt,
    },
    {
      promptHash: h('1'),
      units,
      engine: 'echo 1',
      startedAtMs: checkedAt + 60_000,
      endedAtMs: checkedAt + 61_000,
    },
  )
  const receipt = wish.edit ? signedAgain(wish.edit, honest) : honest
  const digest = Buffer.from(nodeHashes.sha256(utf8(receipt))).toString('hex')
  const note = buildNote(identity, 'devnet', {
    job,
    attempt: 1,
    receipt: `sha256:${digest}`,
    units,
    tier: 'simulated',
    shownHash: shown,
    at: checkedAt + 62_000,
    ...wish.note,
  })
  const parts = { receipt, note, evidence: canonicalText(document) }
  const bundle = bundleOf(parts)
  return { bundle: { ...bundle, salts }, text: PROOF_TEXT, policy, ...parts }

  function signedAgain(edit: NonNullable<ProofWish['edit']>, text: string): string {
    const { signature: _signature, ...unsigned } = JSON.parse(text) as Record<string, Canonical>
    const changed = edit(unsigned) as Record<string, Canonical>
    const signature = Buffer.from(keys.signer.sign(canonicalBytes(changed))).toString('hex')
    return canonicalText({ ...changed, signature })
  }

  function documentOf(data: EvidenceData): EvidenceDocument {
    const unknown = { status: 'unknown' } as const
    const [kem] = keys.keyset.e2ee_public_keys
    return {
      api_version: 'aci/1',
      upstream_name: `worker:${kidOf(keys.keyset)}`,
      endpoint: null,
      verifier_id: 'chrysalis/1',
      established_at: NOW_S,
      expires_at: NOW_S + 3600,
      identity: { kid: kidOf(keys.keyset), keyset_digest: keys.digest },
      channel_binding: [
        {
          type: 'e2ee_public_key_sha256',
          provider: 'chrysalis',
          key_id: kem?.key_id ?? '',
          algorithm: kem?.algo ?? '',
          public_key_sha256: Buffer.from(
            nodeHashes.sha256(fromHex(kem?.public_key ?? '') ?? new Uint8Array(0)),
          ).toString('hex'),
        },
      ],
      claims: {
        tee_attested: unknown,
        gpu_attested: unknown,
        tcb_up_to_date: unknown,
        os_known_good: unknown,
        serving_software_known_good: unknown,
        model_weights_provenance: unknown,
        extra: { tier: 'simulated', site: 'unknown' },
      },
      evidence: packEvidenceData(data, nodeHashes),
    }
  }
}

/** Every block as the dev GPU has it. */
function goldenOf({ evidence, certificate }: DevGpu, nowMs: number): Record<string, string> {
  const context = { nowMs, anchors: Anchors.forNet('devnet'), hashes: nodeHashes }
  const { measurements } = examineGpu({ evidence, chain: certificate }, context)
  return measurements?.tee === 'nvidia' ? { ...measurements.blocks } : {}
}

/** The bundle of three documents, as the endpoint gives it. Throws where one is no JSON object. */
export function bundleOf(parts: {
  readonly receipt: string
  readonly note: string
  readonly evidence: string
}): ProofBundle {
  const bundle = readBundle({
    v: 1,
    ctx: 'chrysalis/proof/1',
    receipt: parseStrictJson(parts.receipt),
    note: parseStrictJson(parts.note),
    evidence: parseStrictJson(parts.evidence),
  })
  if (!bundle) throw new TypeError('no bundle')
  return bundle
}
