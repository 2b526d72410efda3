/** @module How strongly a worker's confidentiality is proved; comes from the verdict, never from the worker's word. */
import { z } from 'zod'
import { isPoolId, type ModelId, type PoolId, parseId } from './ids.ts'

/** `simulated`: devnet only, same code paths, no hardware behind it. A pool never mixes tiers. */
export const tierSchema = z.enum(['simulated', 'cpu-tee', 'gpu-tee'])
export type Tier = z.infer<typeof tierSchema>

/** The queue a job of this model and tier waits in. */
export const poolOf = (model: ModelId, tier: Tier): PoolId => parseId(`${model}.${tier}`, isPoolId)
