/** @module The frames before work: hello, challenge, evidence, verdict, each once and each within ten seconds (CONF §3). */
import type { Clock } from '../core/clock.ts'
import type { ErrorCode } from '../core/errors.ts'
import { BYE, type FrameOf, type FromGateway, type FromWorker } from '../core/frames.ts'
import type { Admission, AdmittedSession } from '../tee/admission.ts'
import type { Identity } from '../tee/identity.ts'

export interface Handshake {
  /** Takes the next frame; the socket is closed by `close` when it is not the expected one. */
  hear(frame: FromWorker): Promise<void>
  /** Opens a new challenge on the running socket, at most one; `onAdmitted` is called again with the new session. */
  renew(): void
  /** True from the verdict on. */
  isAdmitted(): boolean
  end(): void
}

const stepMs = 10_000
/** A worker at work may be busy for a while: the challenge's own life. */
const renewMs = 90_000

export function startHandshake(deps: {
  admission: Admission
  identity: Identity
  clock: Clock
  send: (frame: FromGateway) => void
  close: (code: number) => void
  onAdmitted: (session: AdmittedSession) => void
  onRefused: (code: ErrorCode) => void
}): Handshake {
  const { admission, identity, clock, send, close } = deps
  let hello: FrameOf<'hello'> | undefined
  let challenge: FrameOf<'challenge'> | undefined
  let admitted = false
  let stopTimer = clock.after(stepMs, () => refuse('admission.timeout'))

  const expect = (ms: number): void => {
    stopTimer()
    stopTimer = clock.after(ms, () => refuse('admission.timeout'))
  }
  const refuse = (code: ErrorCode): void => {
    stopTimer()
    deps.onRefused(code)
    send(identity.signVerdict({ type: 'verdict', ok: false, code }))
    close(BYE.refused)
  }
  const challengeNow = (): void => {
    challenge = admission.challenge()
    send(challenge)
  }
  const hearHello = (frame: FrameOf<'hello'>): void => {
    if (hello) {
      refuse('admission.step')
      return
    }
    hello = frame
    const code = admission.checkHello(frame)
    if (code) {
      refuse(code)
      return
    }
    expect(stepMs)
    challengeNow()
  }
  const hearEvidence = async (evidence: FrameOf<'evidence'>): Promise<void> => {
    const open = challenge
    challenge = undefined
    if (!hello || !open) {
      refuse('admission.step')
      return
    }
    stopTimer()
    const result = await admission.check({ hello, challenge: open, evidence })
    if (!result.ok) {
      deps.onRefused(result.code)
      send(result.verdict)
      close(BYE.refused)
      return
    }
    admitted = true
    send(result.verdict)
    deps.onAdmitted(result)
  }

  return {
    isAdmitted: () => admitted,
    renew: () => {
      if (!admitted || challenge) return
      challengeNow()
      // Unanswered, the session just ends: no new leases, and what runs may finish.
      stopTimer()
      stopTimer = clock.after(renewMs, () => {
        challenge = undefined
      })
    },
    end: () => stopTimer(),
    hear: async (frame) => {
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
          refuse('admission.step')
          return
      }
    },
  }
}
