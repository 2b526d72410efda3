/** @module The machine's evidence source: the platform's own interface, or on the dev network a simulated one from the seed in the join token. */
import type { Clock } from '../core/clock.ts'
import { ConfigError, type Net } from '../core/config.ts'
import { gpuByCommand } from '../tee/sources/gpu-command.ts'
import { findSource } from '../tee/sources/probe.ts'
import type { EvidenceSource, SourceKind } from '../tee/sources/source.ts'
import { TeeError } from '../tee/verify/codes.ts'

/** `machine`: names the simulated machine. Throws `config.invalid` when the machine has no such source. */
export async function openEvidenceSource(of: {
  kind: SourceKind | 'auto'
  net: Net
  devSeed: Uint8Array | undefined
  machine?: string
  /** Asks the driver for GPU evidence where the platform's interface has none. */
  gpuProgram?: string | undefined
  clock: Clock
}): Promise<EvidenceSource> {
  const { kind, net, devSeed, machine, gpuProgram, clock } = of
  const sim = async () => {
    if (!devSeed) throw new TeeError('SRC_ABSENT', 'seed')
    const [{ createDevPki }, { simulatedSource }] = await Promise.all([
      import('../tee/dev/pki.ts'),
      import('../tee/dev/sim-source.ts'),
    ])
    return simulatedSource(createDevPki(devSeed), clock, machine === undefined ? {} : { machine })
  }
  try {
    const places = {
      ...(net === 'devnet' && { sim }),
      ...(gpuProgram !== undefined && { gpu: gpuByCommand(gpuProgram) }),
    }
    return await findSource({ kind, net, places, clock })
  } catch (error) {
    if (!(error instanceof TeeError)) throw error
    const why = error.field === 'seed' ? ': the join token of a dev network ends in its seed' : ''
    throw new ConfigError([`CHRYSALIS_TEE: no evidence source here (${error.code})${why}`])
  }
}
