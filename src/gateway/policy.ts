/** @module Which policy and which enrolled machines this gateway judges by. */
import type { Clock } from '../core/clock.ts'
import type { Net } from '../core/config.ts'
import type { HardwarePort } from '../tee/admission.ts'
import type { InForce } from '../tee/evidence-verifier.ts'

export interface PolicyInForce {
  readonly inForce: () => InForce | undefined
  readonly onChange: (listener: () => void) => void
}

/** A dev network without a policy of its own lets its simulated machine work; any other network admits nobody then. */
export async function openPolicy({
  net,
  clock,
}: {
  net: Net
  clock: Clock
}): Promise<PolicyInForce> {
  if (net !== 'devnet') return { inForce: () => undefined, onChange: () => undefined }
  const { devPolicyDraft } = await import('../tee/dev/policy.ts')
  const current = devPolicyDraft(Math.floor(clock.now() / 1000))
  return { inForce: () => ({ current }), onChange: () => undefined }
}

/** On the dev network every machine is a file and may work; elsewhere none is known before it is enrolled. */
export const openHardware = (net: Net): HardwarePort => ({
  claim: async () => (net === 'devnet' ? undefined : 'HW_UNKNOWN'),
  release: async () => undefined,
})
