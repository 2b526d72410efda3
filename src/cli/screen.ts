/** @module The one screen that `start` prints when everything runs. */
import type { Environment } from '../core/config.ts'

export interface ScreenFacts {
  readonly chat: { readonly pageUrl: string } | undefined
  /** The page of a chain on this machine. */
  readonly explorer: string | undefined
  readonly dataDir: string
  readonly models: string
  readonly chosen: { readonly text: string; readonly speech: string; readonly isSmall: boolean }
  readonly env: Environment
}

/** Where to go, what is simulated, which models run, where data lies, how to use a real token, how to stop. */
export function startScreen({ chat, explorer, dataDir, models, chosen, env }: ScreenFacts): string {
  const net = env['CHRYSALIS_NET'] ?? 'devnet'
  const lines = [
    '',
    chat
      ? `  Chrysalis is ready. Open  ${chat.pageUrl}`
      : '  Chrysalis is ready. Your bot answers on Telegram.',
    '',
    '  Simulated here:',
    ...(chat ? ['    Telegram       a chat page on this machine; nothing leaves it'] : []),
    ...(explorer === undefined
      ? []
      : ['    TON            a chain on this machine, with a vault that pays the worker']),
    `    attestation    the worker runs without a TEE (network ${net}, tier "simulated")`,
    '  Real:',
    '    the queue (BullMQ on Redis), the database, the sealing of every job, the models',
    '',
    ...(explorer === undefined ? [] : [`  Payouts          ${explorer}`]),
    `  Language model   ${chosen.text}${chosen.isSmall ? '  (small: it understands little and translates badly)' : ''}`,
    `  Speech model     ${chosen.speech}`,
    `  Data             ${dataDir}`,
    `  Weights          ${models}`,
    '',
    ...(chat
      ? [
          '  From another terminal:  ./chrysalis try "Guten Morgen, wann kommst du?"',
          '  With a real bot:        TELEGRAM_TOKEN=123:abc ./chrysalis start',
        ]
      : []),
    '  Stop with Ctrl-C.',
    '',
  ]
  return lines.join('\n')
}
