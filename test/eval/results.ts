/** @module What the evaluation measured, kept as JSON beside the documents, so that a run can be stopped and go on. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { z } from 'zod'

const translationSchema = z.object({
  key: z.string(),
  model: z.string(),
  version: z.string(),
  pair: z.string(),
  source: z.string(),
  reference: z.string(),
  answer: z.string(),
  missing: z.number(),
  redone: z.number(),
  seconds: z.number(),
})
const injectionSchema = z.object({
  key: z.string(),
  model: z.string(),
  version: z.string(),
  pair: z.string(),
  source: z.string(),
  answer: z.string(),
  translated: z.boolean(),
})
const speechSchema = z.object({
  key: z.string(),
  model: z.string(),
  clip: z.string(),
  seconds: z.number(),
  took: z.number(),
  errors: z.number(),
  words: z.number(),
  language: z.string(),
  text: z.string(),
})
const resultsSchema = z.object({
  translations: z.array(translationSchema).default([]),
  injections: z.array(injectionSchema).default([]),
  speech: z.array(speechSchema).default([]),
})

export type Results = z.infer<typeof resultsSchema>
type Kind = keyof Results

export interface ResultStore {
  readonly results: Results
  has(kind: Kind, key: string): boolean
  /** Adds or replaces by key, and writes the file at once. */
  put<K extends Kind>(kind: K, result: Results[K][number]): void
}

/** Opens `path`, or begins an empty file there. */
export function openResults(path: string): ResultStore {
  const results = resultsSchema.parse(read(path))
  const save = (): void => {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, `${JSON.stringify(results, null, 1)}\n`)
  }
  return {
    results,
    has: (kind, key) => results[kind].some((result) => result.key === key),
    put: (kind, result) => {
      const list: { key: string }[] = results[kind]
      const at = list.findIndex(({ key }) => key === result.key)
      if (at < 0) list.push(result)
      else list[at] = result
      save()
    },
  }
}

function read(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return {}
  }
}
