/** @module English texts about channels. */

export const channelEn = {
  pick: 'Which channel shall I summarise? Press the button below and choose it; Telegram asks you to make me an administrator with the rights to post and to edit. /cancel leaves everything as it is.',
  pickButton: '📣 Choose a channel',
  list: 'Your channels:',
  add: '➕ Another channel',
  row: (title: string, mode: string) => `${title} · ${mode}`,
  unknownTitle: 'a channel',
  modes: {
    off: 'off',
    comment: 'summary as first comment',
    append: 'summary under the post',
  },
  problems: {
    'no-channel': 'I cannot see that channel. Is it still there?',
    person:
      'You need to be its owner, or an administrator with the rights to post and to edit messages.',
    bot: 'I am not an administrator there. Open the channel → Administrators → add me with “Post messages” and “Edit messages”.',
  },
  askMode: (title: string) =>
    `“${title}”: where shall the summary of a long post stand?\n\n• First comment: a reply to the post in the discussion group. The post itself stays as it is.\n• Under the post: I add it at the end of the post; your words and their formatting stay letter for letter.`,
  comment: '💬 First comment',
  append: '📝 Under the post',
  off: '⏻ Switch off',
  noGroup: 'This channel has no discussion group, so there can be no comments.',
  joinGroup:
    'I am not an administrator of the discussion group of this channel, and Telegram shows its posts to administrators only. Make me one (no special right is needed), then press “Check again”.',
  mayNotEdit:
    'I miss the right “Edit messages” there. Give it to me in Administrators, then press “Check again”.',
  checkAgain: '↻ Check again',
  askThreshold:
    'From which length shall I summarise a post? Choose, or type a number from 200 to 4000.',
  characters: (count: string) => `${count} characters`,
  askLanguage: 'In which language shall the summaries be?',
  ownLanguage: 'The language of the post',
  confirm: (title: string, lines: readonly string[]) =>
    `“${title}”\n\n${lines.map((line) => `• ${line}`).join('\n')}\n\nForwards, advertisements and posts of other bots are left alone.`,
  fromLength: (count: string) => `posts from ${count} characters`,
  inLanguage: (name: string) => `summaries in ${name}`,
  inOwnLanguage: 'summaries in the language of the post',
  save: '✓ Switch on',
  preview: '👁 Preview',
  askPreview: 'Forward me a post of your channel, and I show you its summary here only.',
  previewsUsed: (count: number) =>
    `I made ${count} previews for you in the last 24 hours, which is all I make for nothing. Shall I switch it on?`,
  previewSoon: 'The summary comes in a moment. Shall I switch it on?',
  saved: (title: string) =>
    `Done: I summarise the long posts of “${title}” from now on. /channel changes it.`,
  switchedOff: (title: string) => `Summaries for “${title}” are off.`,
  stale: 'This question is answered already.',
  invitation: (title: string) =>
    `You made me an administrator of “${title}”. Shall I summarise its long posts?`,
  setUp: '⚙️ Set up',
  lost: (title: string) =>
    `I lost the rights I need in “${title}”, so its summaries are off now. Give them back, then press the button.`,
  lostGroup: (title: string) =>
    `I am no longer an administrator of the discussion group of “${title}”, so its summaries are off now. Let me in again, then press the button.`,
  removed:
    'I was removed from your channel, so I stopped summarising it and deleted what I knew about it.',
  noFunds: (link: string) =>
    `I did not summarise ${link}: neither today’s free allowance nor your balance covers it. /buy, or wait until tomorrow. I say this once a day.`,
  noRoom: (link: string) =>
    `This post is too long for a summary at its end, so I left it alone: ${link}\nI say this once; other posts that are too long get none either. Summaries as comments have no such limit: /channel`,
  customEmoji: (link: string) =>
    `This post has custom emoji, which an edit by me would replace with ordinary ones, so I left it alone: ${link}\nI say this once. Summaries as comments have no such limit: /channel`,
  unsure: (link: string) =>
    `Telegram did not tell me whether my summary of this post arrived: ${link}\nSo that it does not stand there twice I did not send it again. Have a look; if it is missing, press the button within a day.`,
  commentSent: 'Sent.',
  commentThere: 'It was sent again already.',
  commentUnknown: 'Telegram did not tell me this time either. Have a look before you press again.',
  label: 'In short',
  note: 'Made by AI, may be wrong',
}
