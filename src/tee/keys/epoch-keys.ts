/** @module The broker's epoch keys: X-Wing pairs in memory, one an hour, that clients of an attested gateway seal to (CONF §2, profiles B and C). */
import { AppError } from '../../core/app-error.ts'
import type { Clock } from '../../core/clock.ts'
import type { Net } from '../../core/config.ts'
import type { Envelope } from '../../core/frames.ts'
import type { Kid } from '../../core/ids.ts'
import { epochKid } from '../client/attested.ts'
import { openWrap } from '../client/wrap.ts'
import { type KemKeyPair, newKemKeyPair } from '../crypto/kem.ts'
import { envelopeHash } from '../sealing/envelope.ts'

interface EpochKey {
  readonly kid: Kid
  readonly kem: KemKeyPair
  /** Unix seconds: sealed to until then, opened for a quarter of an hour more. */
  readonly notAfter: number
}

export interface EpochKeys {
  /** The pair for this hour, made when it is first asked for. */
  current(): Promise<EpochKey>
  /**
   * The content key of a job that a client sealed to one of these keys; `epoch`: policy epoch of this gateway's own
   * verdict. The caller wipes it. Throws `release.key-gone` when the key is forgotten or was never here, `env.open`.
   */
  open(envelope: Envelope, epoch: number): Promise<Uint8Array>
}

const LIFE_S = 3600
const OVERLAP_S = 900

/** Keys of one process; gone with it. */
export function createEpochKeys({ net, clock }: { net: Net; clock: Clock }): EpochKeys {
  const keys = new Map<Kid, EpochKey>()
  let making: Promise<EpochKey> | undefined
  const nowS = (): number => Math.floor(clock.now() / 1000)

  const make = async (): Promise<EpochKey> => {
    const kem = await newKemKeyPair()
    const key = { kid: epochKid(kem.publicBytes), kem, notAfter: nowS() + LIFE_S }
    keys.set(key.kid, key)
    return key
  }
  const forgetOld = (): void => {
    for (const [kid, { notAfter }] of keys) if (notAfter + OVERLAP_S <= nowS()) keys.delete(kid)
  }
  return {
    current: async () => {
      forgetOld()
      const newest = await making?.catch(() => undefined)
      if (newest && nowS() < newest.notAfter) return newest
      making = make()
      return making
    },
    open: async (envelope, epoch) => {
      forgetOld()
      for (const wrap of envelope.wraps ?? []) {
        const key = keys.get(wrap.kid)
        if (!key) continue
        const place = { net, job: envelope.job, kid: key.kid, epoch }
        const envHash = envelopeHash(envelope)
        return (await openWrap({ to: 'broker', kem: key.kem, place }, { wrap, envHash })).cek
      }
      throw new AppError('release.key-gone')
    },
  }
}
