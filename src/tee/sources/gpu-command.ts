/** @module GPU evidence where the platform has no interface for it: a program of the measured image asks the driver. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { TeeError } from '../verify/codes.ts'
import { gpuAnswersOf } from './gpu-answers.ts'
import { parseAnswer } from './http.ts'
import type { GpuAnswer } from './source.ts'

export type GpuPort = (nonce: Uint8Array, signal: AbortSignal) => Promise<readonly GpuAnswer[]>

/** For machines without GPUs: the worker's tier says so. */
export const noGpu: GpuPort = async () => []

const MAX_OUTPUT_BYTES = 2_097_152

/**
 * Runs `program` with the nonce (64 hex digits) as its only argument, without a shell. It prints a JSON list of
 * `{arch, uuid?, evidence, certificate}`, hex or base64. Throws `SRC_ABSENT` when there is no such program, `SRC_IO` else.
 */
export function gpuByCommand(program: string): GpuPort {
  const run = promisify(execFile)
  return async (nonce, signal) => {
    const argument = Buffer.from(nonce).toString('hex')
    try {
      const { stdout } = await run(program, [argument], {
        signal,
        encoding: 'buffer',
        maxBuffer: MAX_OUTPUT_BYTES,
      })
      return gpuAnswersOf(parseAnswer(stdout))
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
        throw new TeeError('SRC_ABSENT')
      throw error
    }
  }
}
