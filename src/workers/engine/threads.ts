/** @module How many threads the engines use: llama.cpp's threads spin, so a busy machine is faster with one. */
import { availableParallelism } from 'node:os'

/** The fixed number of `options`, else all cores but one. */
export function chooseThreads({ threads }: { readonly threads?: number }): number {
  return threads ?? Math.max(1, availableParallelism() - 1)
}
