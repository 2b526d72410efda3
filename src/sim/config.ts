/** @module The simulator's settings. */
import { z } from 'zod'
import { folderSchema, integer, secret } from '../core/config.ts'

export const simConfig = z.object({
  /** Page and API; 0 takes any free port. */
  CHRYSALIS_PORT: integer(0, 65_535).default(4800),
  CHRYSALIS_DATA: folderSchema,
  /** The bot's token; a random one if absent. */
  CHRYSALIS_SIM_TOKEN: secret().optional(),
})
