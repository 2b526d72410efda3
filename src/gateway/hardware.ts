/** @module Which machines may work: on the dev network every simulated one, elsewhere only enrolled ones (CONF §12). */
import type { Net } from '../core/config.ts'
import type { HardwarePort } from '../tee/admission.ts'

/** Elsewhere than on the dev network no machine is known before it is enrolled. */
export const openHardware = (net: Net): HardwarePort => ({
  claim: async () => (net === 'devnet' ? undefined : 'HW_UNKNOWN'),
  release: async () => undefined,
})
