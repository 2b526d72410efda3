/** @module Fixture models as files and rows of the manifest, for everything that runs a worker in a test. */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isModelId, parseId } from '../../../src/core/ids.ts'
import type { ModelKind, ModelRow } from '../../../src/tasks/models.ts'
import { writeHangingSpeechModel, writeScriptedSpeechModel } from './speech-fixtures.ts'
import { writeEndlessModel, writeRandomModel, writeScriptedModel } from './text-fixtures.ts'

const writers = {
  'fixture-scripted': {
    kind: 'llm',
    write: (path: string) => writeScriptedModel(path, FIXTURE_WORDS),
  },
  'fixture-endless': {
    kind: 'llm',
    write: (path: string) => writeEndlessModel(path, [' on', ' and']),
  },
  'fixture-random': { kind: 'llm', write: (path: string) => writeRandomModel(path, 20_260_101) },
  'fixture-speech': {
    kind: 'stt',
    write: (path: string) =>
      writeScriptedSpeechModel(path, { words: FIXTURE_SPOKEN_WORDS, language: 'fr' }),
  },
  'fixture-hang': { kind: 'stt', write: writeHangingSpeechModel },
} as const satisfies Record<string, { kind: ModelKind; write: (path: string) => void }>
export type FixtureId = keyof typeof writers

/** What `fixture-scripted` answers to everything. */
export const FIXTURE_WORDS = ['Hello', ' bright', ' world', '.'] as const
/** What `fixture-speech` hears in every window, in French. */
export const FIXTURE_SPOKEN_WORDS = [' bonjour', ' tout', ' le', ' monde'] as const

/** Writes the model to `folder` and answers its row, pinned by the hash of what was written. */
export const fixtureModel = (folder: string, id: FixtureId): ModelRow =>
  writtenModel(folder, { id, ...writers[id] })

/** The same for a model of the caller's own. */
export function writtenModel(
  folder: string,
  { id, kind, write }: { id: string; kind: ModelKind; write: (path: string) => void },
): ModelRow {
  const path = `${id}.bin`
  mkdirSync(folder, { recursive: true })
  write(join(folder, path))
  const bytes = readFileSync(join(folder, path))
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  return {
    id: parseId(id, isModelId),
    title: `Fixture ${id}`,
    kind,
    tasks: kind === 'llm' ? ['translate', 'summarize'] : ['transcribe'],
    files: [{ path, size: bytes.length, sha256, sources: [] }],
    licence: 'Apache-2.0',
    mustAccept: false,
    ...(kind === 'llm' && { contextTokens: 4096 }),
    gpu: 'none',
    isSmall: true,
    isFixture: true,
  }
}
