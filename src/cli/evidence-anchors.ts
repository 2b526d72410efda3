/** @module Whose word counts for `evidence verify`: the vendors', and on devnet also that of this installation's own dev network. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Environment } from '../core/config.ts'
import { openDevSeed } from '../tee/admission/join.ts'
import { type AnchorSet, Anchors } from '../tee/verify/anchors.ts'
import { dataFolder } from './paths.ts'

/** A data folder without a dev network, and a process that serves real people, have the vendors' roots only. */
export async function anchorsFor(
  net: AnchorSet['net'],
  data: string | undefined,
  env: Environment,
): Promise<Anchors> {
  const vendors = Anchors.forNet(net)
  const keys = join(dataFolder(data, env), 'keys')
  const isProduction = env['NODE_ENV'] === 'production'
  if (net !== 'devnet' || isProduction || !existsSync(join(keys, 'dev-root.key'))) return vendors
  const { createDevPki } = await import('../tee/dev/pki.ts')
  const { devTdxRoot } = await import('../tee/dev/tdx-pki.ts')
  const { devGpuRoot } = await import('../tee/dev/gpu.ts')
  const pki = createDevPki(openDevSeed(keys))
  const roots = {
    intel: [...vendors.intel, devTdxRoot(pki)],
    amd: vendors.amd,
    nvidia: [...vendors.nvidia, devGpuRoot(pki)],
  }
  return Anchors.forDev(net, roots, { production: isProduction })
}
