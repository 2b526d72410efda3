import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Api, Context } from 'grammy'
import { expect, test } from 'vitest'
import { methodNames, methodOf } from '../../../src/sim/telegram/methods/index.ts'

/** Methods the simulator carries out in full. */
const full = `getMe getUpdates setWebhook deleteWebhook getWebhookInfo sendMessage sendRichMessage sendMessageDraft sendRichMessageDraft
  editMessageText editMessageCaption editMessageReplyMarkup editEphemeralMessageText editEphemeralMessageCaption
  editEphemeralMessageReplyMarkup deleteEphemeralMessage deleteMessage deleteMessages forwardMessage forwardMessages
  copyMessage copyMessages sendDocument sendVoice sendAudio sendVideo sendPhoto sendMediaGroup sendChatAction
  setMessageReaction getFile getChat getChatMember getChatAdministrators leaveChat pinChatMessage unpinChatMessage
  answerCallbackQuery answerInlineQuery answerGuestQuery answerPreCheckoutQuery sendInvoice createInvoiceLink
  refundStarPayment editUserStarSubscription getStarTransactions getMyStarBalance`

/** Methods whose values are stored and given back. */
const stored = `getMyCommands setMyCommands deleteMyCommands getMyName setMyName getMyDescription setMyDescription
  getMyShortDescription setMyShortDescription getChatMenuButton setChatMenuButton
  getMyDefaultAdministratorRights setMyDefaultAdministratorRights logOut close`

const listed = `${full} ${stored}`.split(/\s+/)

test('the simulator knows the listed methods and no others, so a bot that calls another one is found out', () => {
  expect(methodNames().toSorted()).toEqual(listed.map((it) => it.toLowerCase()).toSorted())
})

/** What grammY's shortcuts of a context call; shortcuts named like their method are not repeated. */
const shortcuts: Readonly<Record<string, string>> = {
  reply: 'sendMessage',
  replyWithDocument: 'sendDocument',
  react: 'setMessageReaction',
}

test('every method the bot can call is listed', () => {
  const folder = fileURLToPath(new URL('../../../src/bot/', import.meta.url))
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
  const ofApi = new Set(Object.getOwnPropertyNames(Api.prototype))
  const ofContext = new Set(Object.getOwnPropertyNames(Context.prototype))
  const called = sources.flatMap((source) => [
    // `ctx.reply(`, `ctx.editMessageText(`: shortcuts of the context.
    ...[...source.matchAll(/\bctx\s*\.(\w+)\(/g)]
      .map((it) => it[1] ?? '')
      .filter((name) => ofContext.has(name) && name !== 'constructor')
      .map((name) => shortcuts[name] ?? name)
      .filter((name) => !/^(has|match)/.test(name)),
    // `api.sendMessage(`, `api.raw.sendRichMessage(`: anything a raw API is asked for, known to grammY or not.
    ...[...source.matchAll(/\b(?:api|raw|frameApi)\s*\.(\w+)\(/g)].map((it) => it[1] ?? ''),
    // `somewhere.getFile(`: what is a method of grammY's API under any other name.
    ...[...source.matchAll(/\.(\w+)\(/g)]
      .map((it) => it[1] ?? '')
      .filter((name) => ofApi.has(name) && /^[a-z]+[A-Z]/.test(name)),
  ])

  expect(called).toContain('sendMessage')
  expect(called).toContain('sendRichMessage')
  expect([...new Set(called)].filter((name) => !listed.includes(name))).toEqual([])
})

test('names are kept in lower case, and nothing inherited counts as a method', () => {
  expect(methodNames().filter((name) => name !== name.toLowerCase())).toEqual([])
  expect([methodOf('constructor'), methodOf('tostring'), methodOf('__proto__')]).toEqual([
    undefined,
    undefined,
    undefined,
  ])
})
