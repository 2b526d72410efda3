// Small shared pieces of messages for lists.
import { nameOf } from './state.js'

export { avatar, clockTime, summary } from './message.js'

/** First name of who wrote a message, or the chat it was written as. */
export function nameLike({ message }) {
  return message.sender_chat?.title ?? message.from?.first_name ?? nameOf(message.from)
}
