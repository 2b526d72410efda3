/** @module NVIDIA's remote attestation service as a second judge of GPU evidence, where the policy asks for it (CONF §11). */
import { createHash } from 'node:crypto'
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose'
import { z } from 'zod'
import type { Clock } from '../../core/clock.ts'
import { inTableOrder, type TeeCode, TeeError } from '../verify/codes.ts'

export const NRAS_URL = 'https://nras.attestation.nvidia.com/v4/attest/gpu'
const ISSUER = 'https://nras.attestation.nvidia.com'
/** The service's local twin signs with `none`; only what this key type signed counts. */
const ALGORITHMS = ['ES384']
const MAX_AGE_S = 300

/** Sends one request with a deadline and a size limit of its own; no redirects. Rejects when there is no answer. */
export type NrasFetcher = (
  request: { readonly url: string; readonly body: string },
  signal?: AbortSignal,
) => Promise<{ readonly status: number; readonly text: string }>

export interface NrasQuestion {
  /** 32 bytes: what the GPUs were asked with. */
  readonly nonce: Uint8Array
  readonly gpus: readonly { readonly evidence: Uint8Array; readonly certificate: Uint8Array }[]
}

export interface Nras {
  /** The failed checks in table order; empty when the service vouches for every GPU. Never throws for what it answers. */
  check(question: NrasQuestion, signal?: AbortSignal): Promise<readonly TeeCode[]>
}

/** The service's published keys. Rejects where they cannot be had. */
export type NrasKeys = () => Promise<JSONWebKeySet>

interface NrasDeps {
  readonly fetcher: NrasFetcher
  readonly keys: NrasKeys
  readonly clock: Clock
}

/** Off unless composed: the service needs an agreement with NVIDIA. */
export function createNras({ fetcher, keys, clock }: NrasDeps): Nras {
  return {
    check: async (question, signal) => {
      try {
        const [answer, known] = await Promise.all([
          askNras(question, { fetcher, signal }),
          unlessUnreachable(keys()),
        ])
        return await checkNrasAnswer(answer, { question, keys: known, nowMs: clock.now() })
      } catch (error) {
        if (error instanceof TeeError) return [error.code]
        throw error
      }
    },
  }
}

async function unlessUnreachable<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked
  } catch {
    throw new TeeError('GPU_NRAS_FETCH')
  }
}

async function askNras(
  { nonce, gpus }: NrasQuestion,
  { fetcher, signal }: { fetcher: NrasFetcher; signal: AbortSignal | undefined },
): Promise<unknown> {
  const body = JSON.stringify({
    nonce: Buffer.from(nonce).toString('hex'),
    arch: 'HOPPER',
    evidence_list: gpus.map(({ evidence, certificate }) => ({
      evidence: Buffer.from(evidence).toString('base64'),
      certificate: Buffer.from(certificate).toString('base64'),
    })),
    claims_version: '3.0',
  })
  try {
    const { status, text } = await fetcher({ url: NRAS_URL, body }, signal)
    if (status !== 200) throw new TeeError('GPU_NRAS_FETCH')
    const value: unknown = JSON.parse(text)
    return value
  } catch {
    throw new TeeError('GPU_NRAS_FETCH')
  }
}

interface Expected {
  readonly question: NrasQuestion
  readonly keys: JSONWebKeySet
  readonly nowMs: number
}

/** `[["JWT", overall], {"GPU-0": token, …}]`. */
const answerShape = z.tuple([
  z.tuple([z.literal('JWT'), z.string().max(65_536)]),
  z.record(z.string().max(32), z.string().max(65_536)),
])

const overallShape = z.object({
  'x-nvidia-overall-att-result': z.unknown().optional(),
  eat_nonce: z.unknown().optional(),
  submods: z.record(
    z.string().max(32),
    z.tuple([
      z.literal('DIGEST'),
      z.tuple([z.literal('SHA-256'), z.string().regex(/^[0-9a-f]{64}$/i)]),
    ]),
  ),
})

/** What each device's token must say, word by word. */
const DEVICE_CLAIMS = {
  measres: 'success',
  secboot: true,
  dbgstat: 'disabled',
  'x-nvidia-gpu-attestation-report-signature-verified': true,
  'x-nvidia-gpu-attestation-report-nonce-match': true,
  'x-nvidia-gpu-arch-check': true,
} as const

/**
 * Judges one answer: `GPU_NRAS_TOKEN` (shape, signature, issuer, age), `GPU_NRAS_NONCE`, `GPU_NRAS_DEVICE` (a device
 * more, fewer or other than asked), `GPU_NRAS_RESULT`. A token that is not the service's ends the judgement.
 */
async function checkNrasAnswer(
  answer: unknown,
  { question, keys, nowMs }: Expected,
): Promise<readonly TeeCode[]> {
  const parsed = answerShape.safeParse(answer)
  if (!parsed.success || !Number.isSafeInteger(nowMs)) return ['GPU_NRAS_TOKEN']
  const [[, token], devices] = parsed.data
  const read = (jwt: string): Promise<JWTPayload | undefined> => verified(jwt, { keys, nowMs })
  const overall = overallShape.safeParse(await read(token))
  if (!overall.success) return ['GPU_NRAS_TOKEN']
  const failed = new Set<TeeCode>()
  const must = (isGood: boolean, code: TeeCode): void => {
    if (!isGood) failed.add(code)
  }
  const nonce = Buffer.from(question.nonce).toString('hex')
  const { submods } = overall.data
  must(overall.data.eat_nonce === nonce, 'GPU_NRAS_NONCE')
  must(overall.data['x-nvidia-overall-att-result'] === true, 'GPU_NRAS_RESULT')
  const count = question.gpus.length
  must(count > 0 && Object.keys(submods).length === count, 'GPU_NRAS_DEVICE')
  must(Object.keys(devices).length === count, 'GPU_NRAS_DEVICE')
  for (const [name, jwt] of Object.entries(devices)) {
    must(submods[name]?.[1][1].toLowerCase() === sha256Hex(jwt), 'GPU_NRAS_DEVICE')
    const claims = await read(jwt)
    must(claims !== undefined, 'GPU_NRAS_TOKEN')
    if (!claims) continue
    must(claims['eat_nonce'] === nonce, 'GPU_NRAS_NONCE')
    for (const [claim, value] of Object.entries(DEVICE_CLAIMS))
      must(claims[claim] === value, 'GPU_NRAS_RESULT')
  }
  return inTableOrder(failed)
}

/** The payload of a fresh token of the service; undefined for any other. */
async function verified(
  jwt: string,
  { keys, nowMs }: { keys: JSONWebKeySet; nowMs: number },
): Promise<JWTPayload | undefined> {
  try {
    const { payload } = await jwtVerify(jwt, createLocalJWKSet(keys), {
      issuer: ISSUER,
      algorithms: ALGORITHMS,
      maxTokenAge: MAX_AGE_S,
      currentDate: new Date(nowMs),
    })
    return payload
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined
    throw error
  }
}

const sha256Hex = (text: string): string => createHash('sha256').update(text).digest('hex')
