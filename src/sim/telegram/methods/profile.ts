/** @module What a bot tells about itself: name, descriptions, commands, menu button, default rights. */
import type { BotCommand } from '@grammyjs/types'
import { isRecord } from '../body.ts'
import type { Params } from '../params.ts'
import { badRequest } from '../refusal.ts'
import { allRights, noRights } from '../world.ts'
import type { Method } from './call.ts'

const maxCommands = 100
const maxDescriptionChars = 256

/** `default|ru`, `chat:5|`, … : scope and language a list of commands is kept under. */
function scopeKey(params: Params): string {
  const scope = params.optionalObject('scope')
  const language = params.optionalText('language_code') ?? ''
  const type = scope?.text('type') ?? 'default'
  const chat = scope?.optionalText('chat_id')
  const user = scope?.optionalText('user_id')
  return `${[type, chat, user].filter((it) => it !== undefined).join(':')}|${language}`
}

const isCommand = (value: unknown): value is BotCommand =>
  isRecord(value) &&
  typeof value['command'] === 'string' &&
  /^\/?[a-z0-9_]{1,32}$/.test(value['command']) &&
  typeof value['description'] === 'string' &&
  value['description'].length >= 1 &&
  value['description'].length <= maxDescriptionChars

const setMyCommands: Method = ({ sim, bot, params }) => {
  const commands = params.list('commands') ?? []
  if (commands.length > maxCommands) throw badRequest('BOT_COMMANDS_TOO_MUCH')
  if (!commands.every(isCommand)) throw badRequest('BOT_COMMAND_INVALID')
  bot.commands.set(
    scopeKey(params),
    commands.map((it) => ({ ...it, command: it.command.replace(/^\//, '') })),
  )
  sim.events.send({ type: 'world' })
  return true
}

/** Field, parameter and longest value of the texts of a profile. */
const profileTexts = [
  { field: 'name', parameter: 'name', limit: 64 },
  { field: 'description', parameter: 'description', limit: 512 },
  { field: 'shortdescription', parameter: 'short_description', limit: 120 },
] as const

function textMethods(): Record<string, Method> {
  const methods: Record<string, Method> = {}
  for (const { field, parameter, limit } of profileTexts) {
    const key = (params: Params): string => `${field}|${params.optionalText('language_code') ?? ''}`
    methods[`setmy${field}`] = ({ sim, bot, params }) => {
      const value = params.optionalText(parameter) ?? ''
      if (value.length > limit) throw badRequest(`bot ${parameter.replace('_', ' ')} is too long`)
      bot.profile.set(key(params), value)
      sim.events.send({ type: 'world' })
      return true
    }
    methods[`getmy${field}`] = ({ bot, params }) => {
      const fallback = field === 'name' ? bot.user.first_name : ''
      const value = bot.profile.get(key(params)) ?? bot.profile.get(`${field}|`) ?? fallback
      return { [parameter]: value }
    }
  }
  return methods
}

export const profileMethods: Readonly<Record<string, Method>> = {
  ...textMethods(),
  getme: ({ bot }) => ({
    ...bot.user,
    can_join_groups: true,
    can_read_all_group_messages: !bot.privacy,
    supports_guest_queries: bot.guestMode,
    supports_inline_queries: bot.inlineMode,
    can_connect_to_business: false,
    has_main_web_app: false,
    has_topics_enabled: bot.topicsMode,
    allows_users_to_create_topics: false,
    can_manage_bots: false,
    supports_join_request_queries: false,
  }),
  setmycommands: setMyCommands,
  getmycommands: ({ bot, params }) => bot.commands.get(scopeKey(params)) ?? [],
  deletemycommands: ({ sim, bot, params }) => {
    bot.commands.delete(scopeKey(params))
    sim.events.send({ type: 'world' })
    return true
  },
  setchatmenubutton: ({ bot, params }) => {
    bot.menuButtons.set(params.optionalText('chat_id') ?? '', params.json('menu_button'))
    return true
  },
  getchatmenubutton: ({ bot, params }) =>
    bot.menuButtons.get(params.optionalText('chat_id') ?? '') ?? { type: 'commands' },
  setmydefaultadministratorrights: ({ bot, params }) => {
    const given = params.optionalObject('rights')
    const rights = { ...noRights }
    for (const name of Object.keys(allRights)) {
      if (given?.flag(name) === true) Object.assign(rights, { [name]: true })
    }
    bot.defaultRights.set(String(params.flag('for_channels')), rights)
    return true
  },
  getmydefaultadministratorrights: ({ bot, params }) =>
    bot.defaultRights.get(String(params.flag('for_channels'))) ?? {
      ...noRights,
      can_manage_chat: false,
    },
  logout: () => true,
  close: () => true,
}
