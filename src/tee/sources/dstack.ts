/** @module Evidence from dstack: the guest agent behind a unix socket. */
import { z } from 'zod'
import { fromHex, toHex } from '../../core/bytes.ts'
import { TeeError } from '../verify/codes.ts'
import type { GpuPort } from './gpu-command.ts'
import { type AgentAddress, askAgent, parseAnswer } from './http.ts'
import type { RawSource } from './source.ts'

export const DSTACK_ADDRESS: AgentAddress = { socketPath: '/var/run/dstack.sock' }

const quoteShape = z.object({ quote: z.string().max(65_536), event_log: z.string().optional() })

interface DstackOptions {
  readonly address: AgentAddress
  /** The agent hands out no GPU evidence. */
  readonly gpu: GpuPort
}

/** dstack runs in TDX guests only. Throws `SRC_ABSENT` when nothing listens at the socket, `SRC_IO` when it is no dstack. */
export async function openDstack(
  { address, gpu }: DstackOptions,
  signal: AbortSignal,
): Promise<RawSource> {
  parseAnswer(await askAgent(address, { method: 'GET', path: '/Info' }, signal))
  return {
    kind: 'dstack',
    tee: 'tdx',
    quote: async (reportData, limit) => {
      const question = { report_data: toHex(reportData) }
      const body = await askAgent(
        address,
        { method: 'POST', path: '/GetQuote', json: question },
        limit,
      )
      const parsed = quoteShape.safeParse(parseAnswer(body))
      const quote = parsed.success ? fromHex(parsed.data.quote.replace(/^0x/, '')) : undefined
      if (!parsed.success || !quote) throw new TeeError('SRC_IO')
      const { event_log: eventlog } = parsed.data
      return { quote, ...(eventlog ? { eventlog } : {}) }
    },
    gpu,
  }
}
