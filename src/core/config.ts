/** @module Settings: each process has its own zod object, read once, every bad key reported at once and no value shown. */
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { AppError } from './app-error.ts'
import { Secret } from './plaintext.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** Thrown as `config.invalid`; `lines` name keys and expectations, never values. */
export class ConfigError extends AppError {
  readonly lines: readonly string[]

  constructor(lines: readonly string[]) {
    super('config.invalid', { keys: lines.length })
    this.lines = lines
  }
}

/** A setting that prints as `[secret]`. */
export const secret = (minLength = 1) =>
  z
    .string()
    .min(minLength)
    .transform((value) => Secret.of(value))

/** `mainnet`, `testnet` or `devnet`; decides which evidence, models and addresses are acceptable. */
export const netSchema = z.enum(['mainnet', 'testnet', 'devnet'])
export type Net = z.infer<typeof netSchema>

export const portSchema = z.coerce.number().int().min(1).max(65535)

/** An absolute or relative folder. */
export const folderSchema = z.string().min(1)

/** A whole number setting within [min, max]. */
export const integer = (min: number, max: number) => z.coerce.number().int().min(min).max(max)

/** `true`, `1`, `yes` or `false`, `0`, `no`. */
export const flag = () => z.stringbool()

/**
 * Reads the settings of `schema` from `env`. Keys are those of the schema, as in the environment.
 * `NAME_FILE` reads the value from a file (one trailing line break cut); `NAME` and `NAME_FILE` together are refused.
 */
export function loadConfig<S extends z.ZodObject>(schema: S, env: Environment): z.output<S> {
  const input: Record<string, string> = {}
  const lines: string[] = []
  for (const key of Object.keys(schema.shape)) {
    const direct = emptyAsAbsent(env[key])
    const file = emptyAsAbsent(env[`${key}_FILE`])
    if (direct !== undefined && file !== undefined)
      lines.push(`${key}: set twice, as ${key} and ${key}_FILE`)
    const value = direct ?? (file === undefined ? undefined : readSetting(key, file, lines))
    if (value !== undefined) input[key] = value
  }
  const parsed = schema.safeParse(input)
  if (!parsed.success) {
    for (const issue of parsed.error.issues) lines.push(`${issue.path.join('.')}: ${issue.message}`)
  }
  if (lines.length > 0 || !parsed.success) throw new ConfigError(lines)
  return parsed.data
}

function readSetting(key: string, file: string, lines: string[]): string | undefined {
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '')
  } catch {
    lines.push(`${key}_FILE: the file cannot be read`)
    return undefined
  }
}

const emptyAsAbsent = (value: string | undefined): string | undefined =>
  value === '' ? undefined : value
