/** @module The commands people see, per place; names are fixed, descriptions are texts. */
import type { Api } from 'grammy'
import type { BotCommand, BotCommandScope } from 'grammy/types'
import { type Texts, textsOf, uiLanguages } from '../texts/texts.ts'

export const privateCommands = [
  'translate',
  'transcribe',
  'summarize',
  'settings',
  'languages',
  'channel',
  'gpu',
  'balance',
  'buy',
  'plan',
  'privacy',
  'terms',
  'paysupport',
  'export',
  'delete_data',
  'cancel',
  'help',
  'start',
] as const
const groupCommands = ['tr', 'text', 'tldr', 'help'] as const
export const groupAdminCommands = [...groupCommands, 'settings'] as const

/** Asked and answered without the others seeing it. */
const asideCommands: ReadonlySet<string> = new Set(['tr', 'text', 'tldr'])

type Name = keyof Texts['commands']

export const commandList = (texts: Texts): string =>
  privateCommands.map((name) => `/${name} – ${texts.commands[name]}`).join('\n')

const commandsOf = (texts: Texts, names: readonly Name[]): BotCommand[] =>
  names.map((command) => ({
    command,
    description: texts.commands[command],
    ...(asideCommands.has(command) && { is_ephemeral: true }),
  }))

const scopes: readonly (readonly [BotCommandScope['type'] & `all_${string}`, readonly Name[]])[] = [
  ['all_private_chats', privateCommands],
  ['all_group_chats', groupCommands],
  ['all_chat_administrators', groupAdminCommands],
]

/** Sets commands and descriptions where they differ from what Telegram has, for English (the default) and every other language. */
export async function announce(api: Api): Promise<void> {
  for (const ui of uiLanguages) {
    const texts = textsOf(ui)
    const code = ui === 'en' ? {} : ({ language_code: ui } as const)
    for (const [type, names] of scopes) {
      const wanted = commandsOf(texts, names)
      const scope = { type }
      const known = await api.getMyCommands({ scope, ...code })
      if (JSON.stringify(known.map(plain)) !== JSON.stringify(wanted.map(plain)))
        await api.setMyCommands(wanted, { scope, ...code })
    }
    const about = await api.getMyDescription(code)
    if (about.description !== texts.bio.long) await api.setMyDescription(texts.bio.long, code)
    const short = await api.getMyShortDescription(code)
    if (short.short_description !== texts.bio.short)
      await api.setMyShortDescription(texts.bio.short, code)
  }
}

const plain = ({ command, description, is_ephemeral: isAside }: BotCommand) => [
  command,
  description,
  isAside === true,
]
