/** @module English texts about groups. */

export const groupEn = {
  welcome: (bot: string) =>
    [
      'Hello! I keep quiet here until somebody asks me. Reply to a message with:',
      '• /tr – translation (/tr de for another language)',
      '• /text – a voice message written down',
      '• /tldr – a summary',
      `or mention @${bot} and say what you want. Administrators can switch on more: /settings. Other messages I neither read nor keep.`,
    ].join('\n'),
  help: 'Reply to a message with /tr (translate), /text (write down a voice message) or /tldr (summarise). Administrators: /settings.',
  title: '⚙️ What I do here by myself',
  voice: (on: boolean) => `Voice to text: ${on ? 'on' : 'off'}`,
  translate: (name: string) => `Translate everything into: ${name}`,
  translateOff: 'Translate everything: off',
  locked: (on: boolean) => `Commands: ${on ? 'administrators only' : 'everybody'}`,
  open: (on: boolean) => `Answers: ${on ? 'for everybody' : 'for the asker only'}`,
  show: '👥 Show to all',
  send: '✉️ Send to me',
  shown: 'Everybody can see it now.',
  sent: 'It is in our private chat.',
  startFirst: (bot: string) => `Open @${bot} and press Start first; then I can write to you.`,
  wholeSent: 'This is the beginning. “Send to me” brings the whole text.',
  off: 'Off',
  noticeVoice:
    'From now on I write down voice messages and round videos here. They are worked on by attested machines and not kept. Administrators can switch this off: /settings.',
  noticeTranslate: (name: string) =>
    `From now on I translate messages in other languages into ${name} here. They are worked on by attested machines and not kept. Administrators can switch this off: /settings.`,
  needAdmin:
    'For this I have to see the messages here, and Telegram shows them to administrators only: make me one (no special right is needed).',
  adminsOnly: 'Only administrators can change this.',
  lockedFor: 'Here only administrators may use me.',
  same: 'This is already in that language.',
  notUnderstood: 'Say “in German”, “in short” or “as text”, in reply to a message.',
}
