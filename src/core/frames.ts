/** @module The frames of the worker gateway's WebSocket, as both sides parse them (ENG B4, CONF §3, §6). JSON text frames; chunks are binary. */
import { z } from 'zod'
import { netSchema } from './config.ts'
import { ERRORS, type ErrorCode, WORKER_CODES } from './errors.ts'
import { type Id, isBlobId, isJobId, isKid, isLeaseId, isModelId } from './ids.ts'
import { tierSchema } from './tier.ts'
import { unitsSchema } from './units.ts'
import { payNoteSchema, payTermsSchema, standingSchema, voucherSchema } from './voucher.ts'

const id = <T extends Id>(guard: (text: string) => text is T) =>
  z.string().refine((text): text is T => guard(text))
/** base64url without padding, at most `max` characters. */
const bytes = (max: number) =>
  z
    .string()
    .max(max)
    .regex(/^[A-Za-z0-9_-]*$/)
const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/)
const unixSeconds = z
  .number()
  .int()
  .min(0)
  .max(2 ** 42)
const attempt = z.number().int().min(1).max(1000)
const errorCode = z.string().refine((text): text is ErrorCode => Object.hasOwn(ERRORS, text))

const runningSchema = z.array(z.strictObject({ job: id(isJobId), attempt })).max(64)
const slotsSchema = z.strictObject({
  text: z.number().int().min(0).max(64),
  speech: z.number().int().min(0).max(64),
})

export const claimsSchema = z.strictObject({
  v: z.literal(1),
  ctx: z.literal('chrysalis/claims/1'),
  net: netSchema,
  aud: id(isKid),
  nonce: bytes(64),
  epoch: z.number().int().min(0),
  keyset: digest,
  models: z.array(z.strictObject({ id: id(isModelId), weights: digest })).max(64),
  payout: z.string().max(80),
  gpus: z.array(z.string().regex(/^[0-9a-f]{64}$/)).max(16),
  image: z.string().max(80),
  notAfter: unixSeconds,
})
export type Claims = z.infer<typeof claimsSchema>

/** The worker's public keys in the shape of ACI's workload keyset; binary members are lower-case hex. */
export const keysetSchema = z.strictObject({
  e2ee_public_keys: z
    .array(
      z.strictObject({
        algo: z.string().max(64),
        key_id: z.string().max(16),
        public_key: z.string().max(4096),
      }),
    )
    .max(4),
  not_after: unixSeconds,
  receipt_signing_keys: z
    .array(
      z.strictObject({
        algo: z.string().max(64),
        key_id: z.string().max(16),
        public_key: z.string().max(256),
      }),
    )
    .max(4),
  subject: z.string().max(64),
  tls_public_keys: z.array(z.never()).max(0),
})
export type Keyset = z.infer<typeof keysetSchema>

/** Worker → gateway, first frame. `join` is the owner's join token. `earnings`: it understands vouchers; with the newest one it has. */
const hello = z.strictObject({
  type: z.literal('hello'),
  v: z.literal(1),
  net: netSchema,
  tee: z.array(z.enum(['tdx', 'snp', 'sim'])).max(3),
  gpu: z.number().int().min(0).max(16),
  build: z.string().max(64),
  join: z.string().max(256),
  earnings: z.strictObject({ voucher: voucherSchema.optional() }).optional(),
})

/** Gateway → worker. `sig`: Ed25519 over "chrysalis/challenge/1"‖0‖JCS(rest without `type`). Single use, `exp` = `iat` + 90 s. */
const challenge = z.strictObject({
  type: z.literal('challenge'),
  nonce: bytes(64),
  aud: id(isKid),
  epoch: z.number().int().min(0),
  iat: unixSeconds,
  exp: unixSeconds,
  sig: bytes(128),
})

/** Worker → gateway. `quote`: TDX quote or SNP report. `eventlog`, `initdata`: as the platform gives them. `sig` by the receipt key over "chrysalis/admit/1"‖0‖H(JCS(claims)). */
const evidence = z.strictObject({
  type: z.literal('evidence'),
  claims: claimsSchema,
  keyset: keysetSchema,
  quote: bytes(22_000),
  gpu: z
    .array(
      z.strictObject({
        arch: z.string().max(32),
        evidence: bytes(44_000),
        certificate: bytes(44_000),
      }),
    )
    .max(16),
  eventlog: z.string().max(262_144).optional(),
  initdata: z.string().max(65_536).optional(),
  sig: bytes(128),
})

/** Gateway → worker. `reason`: the evidence code behind a refusal; `sentence`: the same for the machine's owner. `enc` is the HPKE encapsulation of the session (CONF §6.5). `sig` over "chrysalis/verdict/1"‖0‖JCS(rest without `type`). */
const verdict = z.strictObject({
  type: z.literal('verdict'),
  ok: z.boolean(),
  code: errorCode.optional(),
  reason: z
    .string()
    .regex(/^[A-Z0-9]+(_[A-Z0-9]+)+$/)
    .max(32)
    .optional(),
  sentence: z.string().max(240).optional(),
  tier: tierSchema.optional(),
  evidenceId: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
  session: bytes(64).optional(),
  expiresAt: unixSeconds.optional(),
  enc: bytes(4096).optional(),
  // Absent where nothing is paid, or to nobody: a worker without a payout address.
  pay: payTermsSchema.optional(),
  sig: bytes(128),
})

const failedModelsSchema = z
  .array(z.strictObject({ id: id(isModelId), code: z.enum(WORKER_CODES) }))
  .max(64)
export type FailedModels = Readonly<z.infer<typeof failedModelsSchema>>

/** Worker → gateway: absolute numbers, sent after admission and on change; free = slots − leases. `failed`: models that are loaded and gave no answer, with the reason; absent when there are none. */
const ready = z.strictObject({
  type: z.literal('ready'),
  slots: slotsSchema,
  models: z
    .array(
      z.strictObject({
        id: id(isModelId),
        weights: digest,
        kind: z.enum(['llm', 'stt']),
        speed: z.number().min(0),
      }),
    )
    .max(64),
  failed: failedModelsSchema.optional(),
  running: runningSchema,
})

/** The sealed job, exactly as it stands on the queue (CONF §5). Binary members are base64url. */
export const envelopeSchema = z.strictObject({
  v: z.literal(1),
  net: netSchema,
  suite: z.literal('aes-256-gcm/hkdf-sha256'),
  job: id(isJobId),
  task: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/),
  model: id(isModelId),
  tier: tierSchema,
  bucket: z
    .number()
    .int()
    .min(512)
    .max(2 ** 21),
  iat: unixSeconds,
  exp: unixSeconds,
  maxAttempts: z.number().int().min(1).max(10),
  kb: id(isKid),
  kc: bytes(64),
  blob: z
    .strictObject({
      id: id(isBlobId),
      size: z.number().int().min(0),
      chunks: z.number().int().min(1),
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
    })
    .optional(),
  // Keys held by the asker: one wrap for each worker that it chose, or one for the attested broker (CONF §6, profile C).
  wraps: z
    .array(z.strictObject({ kid: id(isKid), enc: bytes(1500), ct: bytes(64) }))
    .min(1)
    .max(5)
    .optional(),
  iv: bytes(32),
  ct: bytes(3_000_000),
})
export type EnvelopeWrap = NonNullable<z.infer<typeof envelopeSchema>['wraps']>[number]
export type Envelope = z.infer<typeof envelopeSchema>
export type EnvelopeBlob = NonNullable<Envelope['blob']>

/** Gateway → worker: one job for one slot. `sig` over "chrysalis/lease/1"‖0‖JCS(rest without `type`, envelope replaced by its hash). `blobToken` opens `GET /blobs/<id>` for this attempt only. */
const lease = z.strictObject({
  type: z.literal('lease'),
  job: id(isJobId),
  attempt,
  lease: id(isLeaseId),
  envelope: envelopeSchema,
  wrap: bytes(128),
  exp: unixSeconds,
  ttlMs: z.number().int().min(1),
  blobToken: bytes(64).optional(),
  outBytes: z.number().int().min(1),
  sig: bytes(128),
})

/** Worker → gateway, before an attempt's first chunk and again before chunks are sent anew: `header` is the canonical JSON text of the result stream's header (CONF §7). */
const stream = z.strictObject({
  type: z.literal('stream'),
  job: id(isJobId),
  attempt,
  header: z.string().max(1024),
})

/** Worker → gateway, after the final chunk. `header` is that of `stream`. */
const result = z.strictObject({
  type: z.literal('result'),
  job: id(isJobId),
  attempt,
  header: z.string().max(1024),
  units: unitsSchema,
  receipt: z.string().max(16_384),
})

const fail = z.strictObject({
  type: z.literal('fail'),
  job: id(isJobId),
  attempt,
  code: z.enum(WORKER_CODES),
})

/** Gateway → worker. `pay` and `voucher` with the answer to a result, where something is paid (PAY §4). */
const ack = z.strictObject({
  type: z.literal('ack'),
  job: id(isJobId),
  attempt,
  ok: z.boolean(),
  code: errorCode.optional(),
  pay: payNoteSchema.optional(),
  voucher: voucherSchema.optional(),
})

/** Gateway → worker: after admission, and when a payout was seen or the newest voucher is another. Only to whoever said `earnings`. */
const earnings = z.strictObject({
  type: z.literal('earnings'),
  voucher: voucherSchema.optional(),
  standing: standingSchema.optional(),
})

const cancel = z.strictObject({
  type: z.literal('cancel'),
  job: id(isJobId),
  attempt,
  reason: z.enum(['user', 'deadline', 'fenced']),
})

/** Worker → gateway every 2 s; a lease missing from two pings is lost. */
const ping = z.strictObject({
  type: z.literal('ping'),
  n: z.number().int().min(0),
  running: runningSchema,
})
const pong = z.strictObject({ type: z.literal('pong'), n: z.number().int().min(0) })
const drain = z.strictObject({ type: z.literal('drain') })
const bye = z.strictObject({ type: z.literal('bye'), code: z.number().int() })

export const fromWorkerSchema = z.discriminatedUnion('type', [
  hello,
  evidence,
  ready,
  stream,
  result,
  fail,
  ping,
  drain,
  bye,
])
export type FromWorker = z.infer<typeof fromWorkerSchema>
export const fromGatewaySchema = z.discriminatedUnion('type', [
  challenge,
  verdict,
  lease,
  ack,
  earnings,
  cancel,
  pong,
  drain,
  bye,
])
export type FromGateway = z.infer<typeof fromGatewaySchema>

export type FrameOf<T extends (FromWorker | FromGateway)['type']> = Extract<
  FromWorker | FromGateway,
  { type: T }
>

/** Close codes: frame, not admitted, silent, too much, draining. */
export const BYE = {
  frame: 4400,
  refused: 4401,
  silent: 4408,
  flood: 4429,
  draining: 4503,
} as const

/** Heartbeat period; two missed ones lose the leases. */
export const PING_MS = 2000
