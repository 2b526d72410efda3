/** @module The desk's cryptography, composed from `tee/`: for the `main.ts` of every front. */
import type { Net } from '../core/config.ts'
import { type Kid, newBlobId } from '../core/ids.ts'
import type { AttemptKeys, DeskSealing, SealRequest } from '../queue/desk-sealing.ts'
import type { Keks } from '../tee/keys/kek.ts'
import { sealBlob } from '../tee/sealing/blob.ts'
import { createDraftFollower } from '../tee/sealing/draft.ts'
import { type AttachedBlob, newCek, sealEnvelope } from '../tee/sealing/envelope.ts'
import { openSealedResult } from '../tee/sealing/result-stream.ts'

/** `brokerKid`: the broker that will hold the keys, whose KEK folder this process shares. */
export function createDeskSealing(deps: { net: Net; keks: Keks; brokerKid: Kid }): DeskSealing {
  const { net, keks, brokerKid } = deps
  const withResultSecret = <T>(
    { job, attempt, kid, wrappedResult }: AttemptKeys,
    use: (
      secret: Uint8Array,
      context: { net: Net; job: AttemptKeys['job']; attempt: number; kid: Kid },
    ) => T,
  ): T => {
    const secret = keks.unwrap('result', job, wrappedResult)
    try {
      return use(secret, { net, job, attempt, kid })
    } finally {
      secret.fill(0)
    }
  }
  return {
    seal: async ({ job, task, model, tier, iat, exp, maxAttempts, content, audio }) => {
      const cek = newCek()
      try {
        const attached = audio && (await sealAudio(cek, audio))
        const fields = { net, job, task, model, tier, iat, exp, maxAttempts, kb: brokerKid }
        const sealed = sealEnvelope(fields, { cek, content, ...(attached && { attached }) })
        return {
          envelope: sealed.envelope,
          inputHash: sealed.inputHash,
          wrappedCek: keks.wrap('cek', job, cek),
          wrappedSalt: keks.wrap('salt', job, sealed.salt),
        }
      } finally {
        cek.fill(0)
        content.wipe()
      }
    },
    openResult: (keys, sealed) =>
      withResultSecret(keys, (secret, context) => {
        const { content, salt } = openSealedResult(secret, context, sealed.result)
        if (!sealed.salt) return { output: content }
        const input = keks.unwrap('salt', keys.job, sealed.salt)
        return { output: content, salts: { input, output: salt } }
      }),
    followDraft: (keys) => {
      const secret = keks.unwrap('result', keys.job, keys.wrappedResult)
      const { job, attempt, kid } = keys
      const follower = createDraftFollower(secret, { net, job, attempt, kid })
      return {
        push: (header, chunk) => follower.push(header, chunk),
        discard: () => {
          follower.discard()
          secret.fill(0)
        },
      }
    },
  }
}

async function sealAudio(
  cek: Uint8Array,
  audio: NonNullable<SealRequest['audio']>,
): Promise<AttachedBlob> {
  const id = newBlobId()
  const sealing = sealBlob({ cek, id, source: audio.source, maxBytes: audio.maxBytes })
  await audio.store(id, sealing.chunks)
  return sealing.summary()
}
