/** @module What a machine tries before it offers itself: each loaded model answers once, through the same slots as a job. */
import { AppError, codeOf } from '../core/app-error.ts'
import { type Clock, deadline } from '../core/clock.ts'
import { WORKER_CODES, type WorkerCode } from '../core/errors.ts'
import type { FailedModels } from '../core/frames.ts'
import type { Log } from '../core/log.ts'
import type { AnnouncedModel, Lending } from './lending.ts'

/** A slow machine needs some seconds for a word; one that needs more cannot keep a job's deadline. */
const LIMIT_MS = 60_000
const SAMPLE_RATE = 16_000
/** Decoder and receipt may differ by as much (PAY §2). */
const SLACK_MS = 250

/** The lending without the models that gave no answer, which it names. Rejects only when `signal` aborts. */
export async function selfTest(
  lending: Lending,
  { clock, log, signal }: { clock: Clock; log: Log; signal: AbortSignal },
): Promise<Lending> {
  const models: AnnouncedModel[] = []
  const failed: FailedModels[number][] = []
  for (const model of lending.models) {
    const until = deadline(clock, LIMIT_MS, signal)
    try {
      await answerOnce(lending, model, until.signal)
      models.push(model)
    } catch (error) {
      signal.throwIfAborted()
      const code = until.signal.aborted ? 'engine.stuck' : workerCodeOf(error)
      failed.push({ id: model.id, code })
      log.error('self-test.failed', { model: model.id, code })
    } finally {
      until.dispose()
    }
  }
  return { ...lending, models, failed }
}

async function answerOnce(
  lending: Lending,
  { id, kind }: AnnouncedModel,
  signal: AbortSignal,
): Promise<void> {
  const loan = await lending.lend({ model: id, signal, ...(kind === 'stt' && { sound: tone() }) })
  try {
    if (kind === 'llm') {
      const request = { system: 'Answer with one word.', user: 'Hello', maxTokens: 4 }
      await loan.ports.text.run(request, { signal })
      return
    }
    const heard = await loan.ports.speech.run({ language: 'en', maxSeconds: 2 }, { signal })
    if (Math.abs(heard.audioMs - 1000) > SLACK_MS) throw new AppError('audio.undecodable')
  } finally {
    loan.release()
  }
}

/** A second of a tone as a WAV file: what decodes sound is missing on a new machine more often than a model is broken. */
async function* tone(): AsyncGenerator<Uint8Array> {
  const header = Buffer.alloc(44)
  const size = SAMPLE_RATE * 2
  header.write('RIFF', 0)
  header.writeUInt32LE(36 + size, 4)
  header.write('WAVEfmt ', 8)
  header.writeUInt32LE(16, 16)
  header.writeUInt16LE(1, 20)
  header.writeUInt16LE(1, 22)
  header.writeUInt32LE(SAMPLE_RATE, 24)
  header.writeUInt32LE(size, 28)
  header.writeUInt16LE(2, 32)
  header.writeUInt16LE(16, 34)
  header.write('data', 36)
  header.writeUInt32LE(size, 40)
  const sound = Int16Array.from({ length: SAMPLE_RATE }, (_, at) =>
    Math.round(8000 * Math.sin((2 * Math.PI * 440 * at) / SAMPLE_RATE)),
  )
  yield Buffer.concat([header, Buffer.from(sound.buffer)])
}

function workerCodeOf(error: unknown): WorkerCode {
  const code = codeOf(error)
  return WORKER_CODES.find((known) => known === code) ?? 'engine.crash'
}
