/** @module Which evidence source this guest has: asked for by name, or found by looking; never another than the one that was asked for. */
import { type Clock, deadline } from '../../core/clock.ts'
import type { Net } from '../../core/config.ts'
import { TeeError } from '../verify/codes.ts'
import { COCO_ADDRESS, openCoco } from './coco.ts'
import { nodeTsmFiles, openConfigfsTsm, TSM_ROOT, type TsmFiles } from './configfs-tsm.ts'
import { DSTACK_ADDRESS, openDstack } from './dstack.ts'
import { type GpuPort, noGpu } from './gpu-command.ts'
import type { AgentAddress } from './http.ts'
import {
  createSource,
  type EvidenceSource,
  type RawSource,
  SOURCE_TIMEOUT_MS,
  type SourceKind,
} from './source.ts'

/** Where the interfaces are; what is absent stands for the place at which the platforms have them. */
export interface SourcePlaces {
  readonly tsm?: { readonly files: TsmFiles; readonly root: string }
  readonly coco?: AgentAddress
  readonly dstack?: AgentAddress
  /** For platforms whose interface hands out no GPU evidence. */
  readonly gpu?: GpuPort
  /** Makes simulated evidence; only the dev network's composition has one. */
  readonly sim?: () => Promise<RawSource>
}

interface SourceWish {
  readonly kind: SourceKind | 'auto'
  readonly net: Net
  readonly places: SourcePlaces
  readonly clock: Clock
}

/** Agents first: they know event logs and GPUs, and the kernel's interface may be visible beside them. */
const LOOKED_FOR = ['dstack', 'coco', 'configfs-tsm'] as const

/**
 * Throws `SRC_ABSENT` when the wished source (or, by `auto`, every one) is not there, `DEV_FORBIDDEN` for a simulated
 * one off devnet. One that is there and broken is an error (`SRC_*`), not a reason to take the next.
 */
export async function findSource({
  kind,
  net,
  places,
  clock,
}: SourceWish): Promise<EvidenceSource> {
  if (kind === 'sim' && net !== 'devnet') throw new TeeError('DEV_FORBIDDEN')
  if (kind !== 'auto') return createSource(await openInTime({ kind, places, clock }), clock)
  for (const one of LOOKED_FOR) {
    const found = await unlessAbsent(openInTime({ kind: one, places, clock }))
    if (found) return createSource(found, clock)
  }
  if (net !== 'devnet') throw new TeeError('SRC_ABSENT')
  return createSource(await openInTime({ kind: 'sim', places, clock }), clock)
}

interface Opening {
  readonly kind: SourceKind
  readonly places: SourcePlaces
  readonly clock: Clock
}

async function openInTime({ kind, places, clock }: Opening): Promise<RawSource> {
  const limit = deadline(clock, SOURCE_TIMEOUT_MS)
  const late = new Promise<never>((_resolve, reject) => {
    limit.signal.addEventListener('abort', () => reject(new TeeError('SRC_TIMEOUT')), {
      once: true,
    })
  })
  try {
    return await Promise.race([open(kind, places, limit.signal), late])
  } catch (error) {
    if (error instanceof TeeError) throw error
    throw new TeeError(limit.signal.aborted ? 'SRC_TIMEOUT' : 'SRC_IO')
  } finally {
    limit.dispose()
  }
}

function open(kind: SourceKind, places: SourcePlaces, signal: AbortSignal): Promise<RawSource> {
  const gpu = places.gpu ?? noGpu
  switch (kind) {
    case 'configfs-tsm':
      return openConfigfsTsm({ ...(places.tsm ?? { files: nodeTsmFiles, root: TSM_ROOT }), gpu })
    case 'coco':
      return openCoco(places.coco ?? COCO_ADDRESS, signal)
    case 'dstack':
      return openDstack({ address: places.dstack ?? DSTACK_ADDRESS, gpu }, signal)
    case 'sim':
      if (!places.sim) return Promise.reject(new TeeError('SRC_ABSENT'))
      return places.sim()
  }
}

async function unlessAbsent(opening: Promise<RawSource>): Promise<RawSource | undefined> {
  try {
    return await opening
  } catch (error) {
    if (error instanceof TeeError && error.code === 'SRC_ABSENT') return undefined
    throw error
  }
}
