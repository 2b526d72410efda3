import { expect, test } from 'vitest'
import { methodNames, methodOf } from '../../../src/sim/telegram/methods/index.ts'

/** What a bot of this project may call; payments and business accounts are not simulated. */
const wanted = `getMe getUpdates setWebhook deleteWebhook getWebhookInfo sendMessage sendRichMessage sendMessageDraft sendRichMessageDraft
  editMessageText editMessageCaption editMessageReplyMarkup editEphemeralMessageText editEphemeralMessageCaption
  editEphemeralMessageReplyMarkup deleteEphemeralMessage deleteMessage deleteMessages forwardMessage forwardMessages
  copyMessage copyMessages sendDocument sendVoice sendAudio sendVideo sendPhoto sendMediaGroup sendChatAction
  setMessageReaction getFile getChat getChatMember getChatAdministrators leaveChat pinChatMessage unpinChatMessage
  answerCallbackQuery answerInlineQuery answerGuestQuery getMyCommands setMyCommands deleteMyCommands getMyName setMyName
  getMyDescription setMyDescription getMyShortDescription setMyShortDescription getChatMenuButton setChatMenuButton
  getMyDefaultAdministratorRights setMyDefaultAdministratorRights logOut close`

test('every method a bot may need is there', () => {
  const missing = wanted.split(/\s+/).filter((name) => methodOf(name.toLowerCase()) === undefined)

  expect(missing).toEqual([])
})

test('names are kept in lower case, and nothing inherited counts as a method', () => {
  expect(methodNames().filter((name) => name !== name.toLowerCase())).toEqual([])
  expect([methodOf('constructor'), methodOf('tostring'), methodOf('__proto__')]).toEqual([
    undefined,
    undefined,
    undefined,
  ])
})
