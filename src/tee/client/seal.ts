/** @module What an API client does with a job: seals it so that only verified workers can read it, and opens the answer (CONF §6, profile C). */
import { randomInt } from 'node:crypto'
import { AppError } from '../../core/app-error.ts'
import type { Envelope } from '../../core/frames.ts'
import type { Kid } from '../../core/ids.ts'
import type { Plaintext } from '../../core/plaintext.ts'
import { wipe } from '../crypto/aead.ts'
import { type EnvelopeFields, newCek, sealEnvelope } from '../sealing/envelope.ts'
import { splitChunks } from '../sealing/result-chunk.ts'
import { createResultReader, type OpenedResult } from '../sealing/result-stream.ts'
import type { AttestedParty } from './attested.ts'
import { type ResultSecretOf, type WrapFor, wrapTo } from './wrap.ts'

export interface ClientSealed {
  /** To be sent as it is. */
  readonly envelope: Envelope
  /** H(input record), hex, which receipts repeat. */
  readonly inputHash: string
  /** Of the input record, 32 bytes: with it the asker can show what was asked. */
  readonly salt: Uint8Array
  /**
   * Opens the answer of a worker that the job was sealed to: `u32be n ‖ header ‖ every chunk`. Throws `result.*` at the
   * exact chunk that was dropped, doubled, moved, cut or changed, `result.header` for an attempt of anybody else.
   */
  open(answer: { attempt: number; kid: Kid; sealed: Uint8Array }): Promise<OpenedResult>
}

/** Workers that a job is sealed to unless the caller wants more or fewer; at most `MAX_WRAPS`. */
const WRAPS = 3
export const MAX_WRAPS = 5

/**
 * Seals a job to `count` of these workers, drawn at random, so that nobody can tell which ones a client will take.
 * Wipes nothing of the caller's. Throws `worker.none` for an empty list, `env.*` as `sealEnvelope` does.
 */
export async function sealForWorkers(
  job: { readonly fields: EnvelopeFields; readonly content: Plaintext },
  workers: readonly AttestedParty[],
  count = WRAPS,
): Promise<ClientSealed> {
  if (!Number.isInteger(count) || count < 1 || count > MAX_WRAPS) throw new AppError('env.shape')
  return sealFor('worker', job, draw(workers, count))
}

/** Seals a job to the attested broker's epoch key: better availability, and the broker's machine joins what is trusted. */
export const sealForBroker = (
  job: { readonly fields: EnvelopeFields; readonly content: Plaintext },
  broker: AttestedParty,
): Promise<ClientSealed> => sealFor('broker', job, [broker])

async function sealFor(
  to: WrapFor,
  { fields, content }: { readonly fields: EnvelopeFields; readonly content: Plaintext },
  parties: readonly AttestedParty[],
): Promise<ClientSealed> {
  if (parties.length === 0) throw new AppError('worker.none')
  // A verdict of another network says nothing here.
  if (parties.some(({ net }) => net !== fields.net)) throw new AppError('net.mismatch')
  const cek = newCek()
  const secrets = new Map<Kid, ResultSecretOf>()
  try {
    const { envelope, envHash, inputHash, salt } = sealEnvelope(fields, { cek, content })
    const wraps: NonNullable<Envelope['wraps']> = []
    for (const { kid, kemPublicKey: publicKey, epoch } of parties) {
      const place = { net: fields.net, job: fields.job, kid, epoch }
      const sent = await wrapTo({ to, publicKey, place }, { cek, envHash })
      wraps.push(sent.wrap)
      secrets.set(kid, sent.resultSecretOf)
    }
    const { net, job } = fields
    return {
      envelope: { ...envelope, wraps },
      inputHash,
      salt,
      open: async ({ attempt, kid, sealed }) => {
        const secretOf = secrets.get(kid)
        if (!secretOf) throw new AppError('result.header')
        const resultSecret = await secretOf(attempt)
        const { header, chunks } = splitChunks(sealed)
        const context = { net, job, attempt, kid }
        const maxBytes = sealed.length
        const reader = createResultReader({ resultSecret, context, header, maxBytes })
        wipe(resultSecret)
        try {
          let result: OpenedResult | undefined
          for (const chunk of chunks) {
            const part = reader.push(chunk)
            if (part.kind === 'final') result = part.result
          }
          reader.end()
          if (!result) throw new AppError('result.truncated')
          return result
        } finally {
          reader.discard()
        }
      },
    }
  } finally {
    wipe(cek)
  }
}

function draw(workers: readonly AttestedParty[], count: number): AttestedParty[] {
  const rest = [...workers]
  const drawn: AttestedParty[] = []
  while (drawn.length < count && rest.length > 0)
    drawn.push(...rest.splice(randomInt(rest.length), 1))
  return drawn
}
