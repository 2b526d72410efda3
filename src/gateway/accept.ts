/** @module One worker's connection from its first frame to its last: admitted, asked again, judged again when the policy changes, ended (CONF §3). */
import type { WebSocket } from 'ws'
import type { Clock } from '../core/clock.ts'
import { describe } from '../core/describe.ts'
import { BYE } from '../core/frames.ts'
import type { Log } from '../core/log.ts'
import type { Admission } from '../tee/admission/admission.ts'
import { Refusal, refusalOf } from '../tee/admission/refusal.ts'
import { type Handshake, startHandshake } from './admit.ts'
import { listenTo } from './connection.ts'
import type { PayDesk } from './earnings.ts'
import type { MachineWatch } from './machines.ts'
import { createUnsentWatch } from './socket-limits.ts'
import type { Watched } from './upkeep.ts'
import type { Worker } from './worker.ts'
import type { WorkerDesk } from './worker-desk.ts'

export interface Acceptor {
  /** Takes a fresh socket. `network`: what tells its network from others. */
  accept(socket: WebSocket, network: string): void
  /**
   * Policy, collateral or a denial list changed: every session is judged by what is in force now, refused ones end at
   * once, and the others are asked for new evidence and get no lease before it is accepted.
   */
  judgeAgain(): void
  /** Join tokens changed: sessions that no longer stand end at once, the others learn what their owners want. */
  heedTokens(): void
}

const maxUnadmitted = 200
/** A new challenge this long before a session ends, or after three quarters of a short one. */
const renewBeforeS = 900
const lastPart = 4

export function createAcceptor(deps: {
  admission: Admission
  desk: WorkerDesk
  connections: Set<Watched>
  isClosing: () => boolean
  machines?: MachineWatch
  payDesk?: PayDesk
  clock: Clock
  log: Log
}): Acceptor {
  const { admission, desk, connections, machines, payDesk, clock, log } = deps
  const judges = new Set<() => void>()
  const listeners = new Set<() => void>()
  let unadmitted = 0

  const accept = (socket: WebSocket, network: string): void => {
    let worker: Worker | undefined
    let renewAtS = 0
    unadmitted++
    const nowS = (): number => clock.now() / 1000
    const endIfOver = (it: Worker): boolean => {
      if (nowS() < it.session.expiresAt) return false
      handshake.refuse(new Refusal('admission.timeout'))
      return true
    }
    const link = listenTo(socket, clock, {
      isAdmitted: () => worker !== undefined,
      leases: () => worker?.leases.size ?? 0,
      onFrame: (frame) => {
        const isHandshake = frame.type === 'hello' || frame.type === 'evidence'
        if (!worker || isHandshake)
          handshake.hear(frame).catch((error: unknown) => {
            log.failure('admission.failed', describe(error))
            link.close(BYE.refused)
          })
        else if (!endIfOver(worker)) desk.hear(worker, frame)
      },
      onChunk: (message) => {
        if (worker && !endIfOver(worker)) desk.hearChunk(worker, message)
      },
      onClosed: () => {
        handshake.end()
        connections.delete(watched)
        judges.delete(judge)
        listeners.delete(heed)
        if (!worker) {
          unadmitted--
          return
        }
        const isReplaced = worker.isGone
        desk.leave(worker, deps.isClosing() ? 'keep-leases' : 'lost')
        // Its next connection has the same name, and is counted under it.
        if (isReplaced) return
        admission.leave(worker.session)
        machines?.gone(worker.session)
      },
    })
    const handshake: Handshake = startHandshake({
      admission,
      clock,
      network,
      send: (frame) => link.send(frame),
      close: (code) => link.close(code),
      onRefused: ({ code, reason, isFinal, token }) => {
        // One that is only asked again later works on.
        if (token !== undefined && isFinal) machines?.refused(token, reason ?? code)
        log.warn('worker.refused', { code, reason, kid: worker?.kid })
        if (worker && isFinal) desk.dismiss(worker)
      },
      onAdmitted: (session, earnings) => {
        const lifeS = session.expiresAt - nowS()
        renewAtS = session.expiresAt - Math.min(renewBeforeS, lifeS / lastPart)
        machines?.admitted(session)
        if (worker) {
          worker.session = session
          worker.isStale = false
          payDesk?.admitted(worker, earnings)
          desk.renewed(worker)
          return
        }
        unadmitted--
        worker = desk.enter(session, link)
        payDesk?.admitted(worker, earnings)
        heed()
      },
    })
    const judge = (): void => {
      if (!worker) return
      const reason = admission.rejudge(worker.session)
      if (reason !== undefined) {
        handshake.refuse(refusalOf(reason))
        return
      }
      worker.isStale = true
      handshake.renew()
    }
    judges.add(judge)
    const heed = (): void => {
      if (!worker) return
      const { refusal, wish } = admission.standing(worker.session)
      if (refusal) {
        handshake.refuse(refusal)
        return
      }
      const isPaused = wish !== 'working'
      if (worker.isPaused === isPaused) return
      worker.isPaused = isPaused
      log.info('worker.wish', { kid: worker.kid, wish })
      if (!isPaused) desk.renewed(worker)
    }
    listeners.add(heed)
    const isStuck = createUnsentWatch(clock)
    const watched: Watched = {
      heardAt: () => (worker ? link.heardAt() : clock.now()),
      lost: () => {
        if (worker) log.warn('worker.silent', { kid: worker.kid })
        connections.delete(watched)
        link.close(BYE.silent)
        link.cut()
      },
      cutIfStuck: () => {
        if (isStuck(link.unsentBytes())) link.close(BYE.flood)
      },
      renewIfDue: () => {
        if (!worker || endIfOver(worker)) return
        if (nowS() >= renewAtS || worker.isStale) handshake.renew()
      },
    }
    connections.add(watched)
    if (unadmitted > maxUnadmitted) link.close(BYE.flood)
    if (deps.isClosing()) link.close(BYE.draining)
  }

  return {
    accept,
    judgeAgain: () => {
      for (const judge of judges) judge()
    },
    heedTokens: () => {
      for (const heed of listeners) heed()
    },
  }
}
