/** @module The broker's long-lived Ed25519 identity: what workers pin, and what signs challenges, verdicts and leases. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { AppError } from '../../core/app-error.ts'
import type { FrameOf } from '../../core/frames.ts'
import { isKid, type Kid, parseId } from '../../core/ids.ts'
import { readOrCreateSecretFile } from '../../core/secret-file.ts'
import { fromBase64url, sha256Hex, toBase64url } from '../crypto/binary.ts'
import {
  createVerifier,
  PUBLIC_KEY_BYTES,
  SEED_BYTES,
  SIGNATURE_BYTES,
  signedBytes,
  signerOf,
} from '../crypto/signature.ts'
import { envelopeHash } from '../sealing/envelope.ts'
import { headBytes, type LogHead, type SignedHead } from './release-log.ts'

type Unsigned<T extends SignedFrame['type']> = Omit<FrameOf<T>, 'sig'>
/** Frames of the gateway that a worker believes only with the broker's signature. */
export type SignedFrame = FrameOf<'challenge'> | FrameOf<'verdict'> | FrameOf<'lease'>

export interface Identity {
  readonly kid: Kid
  /** Base64url of the raw public key: the setting `CHRYSALIS_BROKER_KEY` of workers. */
  readonly publicKey: string
  signChallenge(frame: Unsigned<'challenge'>): FrameOf<'challenge'>
  signVerdict(frame: Unsigned<'verdict'>): FrameOf<'verdict'>
  signLease(frame: Unsigned<'lease'>): FrameOf<'lease'>
  /** Signs how far the release log has come. */
  signLogHead(head: LogHead): SignedHead
  /** Signs the bytes of a note to a receipt (`noteBytes`), which begin with a label of their own. */
  signNote(message: Uint8Array): Uint8Array
}

/** Name of a broker: the first 32 hex characters of SHA-256 of its raw public key. */
export const brokerKid = (publicKey: Uint8Array): Kid =>
  parseId(sha256Hex(publicKey).slice(0, 32), isKid)

/** Opens `<folder>/broker.key` (32-byte seed, mode 0600), made on first use. Changing it means configuring every worker anew. */
export function openIdentity(folder: string): Identity {
  const path = join(folder, 'broker.key')
  const seed = readOrCreateSecretFile(path, () => randomBytes(SEED_BYTES))
  if (seed.length !== SEED_BYTES) throw new AppError('config.data-folder')
  return identityOf(seed)
}

/** The identity of a seed; wipes the seed. */
export function identityOf(seed: Uint8Array): Identity {
  const signer = signerOf(seed)
  seed.fill(0)
  const sign = (message: Uint8Array): string => toBase64url(signer.sign(message))
  return {
    kid: brokerKid(signer.publicKey),
    publicKey: toBase64url(signer.publicKey),
    signChallenge: (frame) => ({ ...frame, sig: sign(challengeBytes(frame)) }),
    signVerdict: (frame) => ({ ...frame, sig: sign(verdictBytes(frame)) }),
    signLease: (frame) => ({ ...frame, sig: sign(leaseBytes(frame)) }),
    signLogHead: (head) => ({ ...head, sig: sign(headBytes(head)) }),
    signNote: (message) => signer.sign(message),
  }
}

/** The worker's pinned broker. */
export interface PinnedBroker {
  readonly kid: Kid
  /** Throws `challenge.sig` unless the frame was signed by the pinned key. */
  check(frame: SignedFrame): void
}

/** Throws `config.invalid` for a key that is not 32 bytes of base64url. */
export function pinBroker(publicKey: string): PinnedBroker {
  const raw = fromBase64url(publicKey, PUBLIC_KEY_BYTES)
  if (!raw) throw new AppError('config.invalid')
  const verify = createVerifier(raw)
  return {
    kid: brokerKid(raw),
    check: (frame) => {
      const signature = fromBase64url(frame.sig, SIGNATURE_BYTES)
      if (!signature || !verify(bytesOf(frame), signature)) throw new AppError('challenge.sig')
    },
  }
}

function bytesOf(frame: SignedFrame): Uint8Array {
  if (frame.type === 'challenge') return challengeBytes(frame)
  return frame.type === 'verdict' ? verdictBytes(frame) : leaseBytes(frame)
}

function challengeBytes(frame: Unsigned<'challenge'> & { sig?: string }): Uint8Array {
  const { type: _type, sig: _sig, ...rest } = frame
  return signedBytes('chrysalis/challenge/1', rest)
}

function verdictBytes(frame: Unsigned<'verdict'> & { sig?: string }): Uint8Array {
  const { type: _type, sig: _sig, ...rest } = frame
  return signedBytes('chrysalis/verdict/1', rest)
}

/** The envelope is signed as its hash: its body has a tag of its own. */
function leaseBytes(frame: Unsigned<'lease'> & { sig?: string }): Uint8Array {
  const { type: _type, sig: _sig, envelope, ...rest } = frame
  return signedBytes('chrysalis/lease/1', { ...rest, envelope: envelopeHash(envelope) })
}
