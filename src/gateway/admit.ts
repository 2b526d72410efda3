/** @module The frames before work: hello, challenge, evidence, verdict, each once and each within ten seconds; and the same again while work goes on (CONF §3). */
import type { Clock } from '../core/clock.ts'
import type { ErrorCode } from '../core/errors.ts'
import { BYE, type FrameOf, type FromGateway, type FromWorker } from '../core/frames.ts'
import type { Admission, AdmittedSession, RefusedAdmission } from '../tee/admission/admission.ts'
import { joinTokenHash } from '../tee/admission/join.ts'
import { Refusal, refusalOf } from '../tee/admission/refusal.ts'
import { toHex } from '../tee/crypto/binary.ts'
import type { TeeCode } from '../tee/verify/codes.ts'

export interface Handshake {
  /** Takes the next frame; the socket is closed by `close` when it is not the expected one. */
  hear(frame: FromWorker): Promise<void>
  /** Opens a new challenge on the running socket, at most one; `onAdmitted` is called again with the new session. */
  renew(): void
  /** Ends the connection with a signed refusal. */
  refuse(refusal: Refusal): void
  /** True from the verdict on. */
  isAdmitted(): boolean
  end(): void
}

/** Why a worker was refused; `isFinal`: its connection ends with it. */
export interface RefusedWorker {
  readonly code: ErrorCode
  readonly reason: TeeCode | undefined
  readonly isFinal: boolean
  /** What is kept of the join token it showed, if it came so far. */
  readonly token?: string
}

const stepMs = 10_000
/** A worker at work may be busy for a while: the challenge's own life. */
const renewMs = 90_000
/** Between two renewals that failed for no fault of the worker's. */
const pauseMs = 30_000

/** What says nothing about the worker: its session goes on to its end, and it is asked again. */
const passing: ReadonlySet<ErrorCode | TeeCode> = new Set<ErrorCode | TeeCode>([
  'stores.down',
  'CLM_EPOCH',
  'COL_FETCH',
  'COL_SHAPE',
  'POL_EXPIRED',
])

export function startHandshake(deps: {
  admission: Admission
  clock: Clock
  /** What tells networks apart: the peer's address, shortened. */
  network?: string
  send: (frame: FromGateway) => void
  close: (code: number) => void
  /** `earnings`: what its hello said about money. */
  onAdmitted: (session: AdmittedSession, earnings: FrameOf<'hello'>['earnings']) => void
  /** Called before the refusal is sent. */
  onRefused: (refused: RefusedWorker) => void
}): Handshake {
  const { admission, clock, network, send, close } = deps
  let hello: FrameOf<'hello'> | undefined
  let challenge: FrameOf<'challenge'> | undefined
  let admitted = false
  let ended = false
  let judging = false
  let quietUntil = 0
  let stopTimer = clock.after(stepMs, () => refuse(new Refusal('admission.timeout')))

  const expect = (ms: number): void => {
    stopTimer()
    stopTimer = clock.after(ms, () => refuse(new Refusal('admission.timeout')))
  }
  const refused = (it: RefusedWorker): void => {
    deps.onRefused({ ...it, ...(hello && { token: toHex(joinTokenHash(hello.join)) }) })
  }
  const refuse = (refusal: Refusal): void => {
    stopTimer()
    if (ended) return
    ended = true
    refused({ code: refusal.code, reason: refusal.reason, isFinal: true })
    send(admission.refuse(refusal))
    close(BYE.refused)
  }
  const challengeNow = (): void => {
    try {
      challenge = admission.challenge()
      send(challenge)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      // Nobody can be admitted now; who was is judged by the clock.
      if (!admitted) refuse(error)
    }
  }
  const hearHello = (frame: FrameOf<'hello'>): void => {
    if (hello) {
      refuse(new Refusal('admission.step'))
      return
    }
    hello = frame
    const refusal = admission.checkHello(frame)
    if (refusal) {
      refuse(refusal)
      return
    }
    expect(stepMs)
    challengeNow()
  }
  /** What came into force while the evidence was judged was not asked: the worker answers again, or goes. */
  const asOfNow = (checked: AdmittedSession | RefusedAdmission): typeof checked => {
    if (!checked.ok) return checked
    const late = checked.epoch === admission.epoch() ? admission.rejudge(checked) : 'CLM_EPOCH'
    if (late === undefined) return checked
    if (!admitted) admission.leave(checked)
    const refusal = refusalOf(late)
    return { ok: false, code: refusal.code, reason: late, verdict: admission.refuse(refusal) }
  }
  const hearEvidence = async (evidence: FrameOf<'evidence'>): Promise<void> => {
    const open = challenge
    challenge = undefined
    if (!hello || !open) {
      refuse(new Refusal('admission.step'))
      return
    }
    stopTimer()
    judging = true
    const checked = await admission
      .check({ hello, challenge: open, evidence, ...(network !== undefined && { network }) })
      .finally(() => {
        judging = false
      })
    if (ended) {
      // The socket closed while the evidence was judged.
      if (checked.ok) admission.leave(checked)
      return
    }
    const result = asOfNow(checked)
    if (result.ok) {
      admitted = true
      send(result.verdict)
      deps.onAdmitted(result, hello.earnings)
      return
    }
    const isPassing = passing.has(result.code) || passing.has(result.reason ?? result.code)
    const isFinal = !(admitted && isPassing)
    if (isFinal) ended = true
    // A policy that changed in between only needs another challenge.
    else if (result.reason !== 'CLM_EPOCH') quietUntil = clock.now() + pauseMs
    refused({ code: result.code, reason: result.reason, isFinal })
    send(result.verdict)
    if (isFinal) close(BYE.refused)
  }

  return {
    isAdmitted: () => admitted,
    refuse,
    renew: () => {
      // Asked again while its answer is judged, the worker would take this answer's verdict for the next one's.
      if (!admitted || ended || challenge || judging || clock.now() < quietUntil) return
      challengeNow()
      // Unanswered, the session just ends: no new leases, and what runs may finish.
      stopTimer()
      stopTimer = clock.after(renewMs, () => {
        challenge = undefined
      })
    },
    end: () => {
      ended = true
      stopTimer()
    },
    hear: async (frame) => {
      if (ended) return
      switch (frame.type) {
        case 'hello':
          hearHello(frame)
          return
        case 'evidence':
          await hearEvidence(frame)
          return
        case 'bye':
          close(BYE.refused)
          return
        case 'ready':
        case 'stream':
        case 'result':
        case 'fail':
        case 'ping':
        case 'drain':
          refuse(new Refusal('admission.step'))
          return
      }
    },
  }
}
