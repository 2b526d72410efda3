/** @module English texts; their shape is the type every other language must satisfy. */
import type { Sentence } from '../../core/errors.ts'
import { channelEn } from './channel-en.ts'
import { gpuEn } from './gpu-en.ts'
import { groupEn } from './group-en.ts'
import { moneyEn } from './money-en.ts'
import { plural } from './plural.ts'

const n = plural('en')

const say: Record<Sentence, string> = {
  busy: 'All machines are busy or away right now. Nothing was charged; please try again in a few minutes.',
  ours: 'Something went wrong on our side. Nothing was charged; you can try again.',
  expired: 'This took too long, so I stopped waiting. Nothing was charged; you can try again.',
  cancelled: 'Stopped. Nothing was charged and nothing was kept.',
  invalid: 'I could not make sense of that. Send me text, a voice message, a file or a link.',
  'too-large': 'This is more than I can take at once. Send it in smaller pieces.',
  'too-long': 'This is too long for one go. Send it in smaller pieces.',
  unsupported:
    'I cannot read this kind of file. I take voice, audio, video, PDF, DOCX, HTML and text files.',
  damaged: 'I could not open this file: it looks damaged. Please send it again.',
  'no-speech': 'I listened to all of it and heard no speech. Nothing was charged.',
  'empty-page':
    'I found no readable text there: the page may need a login or JavaScript. Paste the text here instead.',
  'page-refused':
    'I only open ordinary public web pages, and this address is not one. Paste the text here instead.',
  'page-failed': 'That page did not answer properly. Try again later, or paste the text here.',
  scan: 'This document has no text in it: it is a scan, and I cannot read pictures.',
  encrypted: 'This document is protected by a password. Send an unprotected copy.',
  language: 'I do not know this pair of languages. /languages shows what works.',
  'too-many': 'You have several requests running. Please wait until one of them is finished.',
  rights: 'I am missing a right there. Check my administrator rights and try again.',
  'too-old': 'This button is too old. Please send the message again.',
  funds:
    'Your balance and today’s free allowance do not cover this. Nothing was charged. See /balance.',
  operator: 'This bot is not set up completely. Its operator has to look at it.',
}

export const en = {
  locale: 'en',
  name: 'English',
  say,
  /** The code is for support; it names no person and no content. */
  withCode: (sentence: string, code: string) => `${sentence}\n\nCode: ${code}`,

  start: {
    text: (bot: string) =>
      [
        `Hi! I am ${bot}. I translate, turn voice into text and summarise. Every request waits sealed, and only the one machine that works on it opens it.`,
        'Three things to try:',
        '• Send or forward a message in a foreign language: I translate it.',
        '• Record or forward a voice message: I write it down.',
        '• Send a link, a PDF or a long post: I summarise it.',
        'Telegram can see this chat, and nothing is kept here. /privacy says exactly who sees what.',
      ].join('\n\n'),
    settings: '⚙️ Settings',
    addToGroup: '➕ Add to a group',
    addToChannel: '📣 Add to a channel',
  },
  help: (tasks: string) =>
    [
      'Just send me something:',
      '• text in a language you do not read → translation',
      '• a long text in a language you read → summary',
      '• voice, round video, audio or video up to 20 MB → text',
      '• PDF, DOCX, HTML, TXT or a link → summary',
      'Forward a message together with a comment such as “in German” or “in three points”, and I do that.',
      `Commands:\n${tasks}`,
      'While I write you can press Stop; a stopped request is not charged and leaves nothing behind.',
    ].join('\n\n'),
  commands: {
    start: 'Start, and three things to try',
    help: 'What I can do',
    translate: 'Translate: /translate de your text, or in reply to a message',
    transcribe: 'Write down a voice message (in reply to it)',
    summarize: 'Summarise a text, a link or a file (in reply to it)',
    settings: 'Languages and when I summarise',
    language: 'Language of my menus',
    languages: 'Which languages I know',
    channel: 'Summaries for your channel',
    gpu: 'Your GPU machines and their pay',
    balance: 'Your Stars and what is free today',
    buy: 'Buy Stars',
    plan: 'Stars every month',
    paysupport: 'Help with a payment',
    privacy: 'Who can see what, and for how long',
    terms: 'The rules, in short',
    export: 'What I keep about you, as a file',
    delete_data: 'Delete everything I know about you',
    cancel: 'Leave the current dialogue',
    tr: 'Translate the message you reply to',
    text: 'Write down the voice message you reply to',
    tldr: 'Summarise the message you reply to',
  },
  bio: {
    short:
      'Translates, writes down voice and summarises. Your text is sealed until the one machine that works on it.',
    long: 'I translate messages, turn voice into text and summarise long posts, pages and files. Every request is sealed: the queue, the database and the disk cannot read it, only the one machine that works on it.',
  },

  working: {
    waiting: (place: number) =>
      place === 0
        ? 'Waiting for a free machine…'
        : `${n(place, { one: '# request', other: '# requests' })} before yours…`,
    translating: 'Translating…',
    summarizing: 'Reading and summarising…',
    listening: (percent: number) => (percent > 0 ? `Listening… ${percent} %` : 'Listening…'),
  },

  footer: {
    tier: {
      simulated: 'Test network',
      'cpu-tee': 'Confidential CPU',
      'gpu-tee': 'Confidential GPU',
    },
    tokens: (count: number) => n(count, { one: '# token', other: '# tokens' }),
    audio: (seconds: number) =>
      seconds < 60
        ? `${seconds} s of sound`
        : `${Math.floor(seconds / 60)} min ${seconds % 60} s of sound`,
    seconds: (seconds: string) => `${seconds} s`,
    aiMade: 'Made by AI, may be wrong',
    source: 'Source',
  },
  details: {
    summary: 'Details',
    model: (name: string) => `Model: ${name}`,
    weights: (digest: string) => `Weights: ${digest}`,
    job: (id: string) => `Job: ${id}`,
    attempts: (count: number) => `Attempts: ${count}`,
    timings: (waited: string, ran: string, total: string) =>
      `Waited ${waited} s, ran ${ran} s, ${total} s in all`,
    units: (tokensIn: number, tokensOut: number, cached: number) =>
      `Tokens: ${tokensIn} read (${cached} of them remembered), ${tokensOut} written`,
    test: 'Test network: the confidential hardware is simulated here.',
    checked: {
      none: 'Compared with the source: there were no links, names, numbers or dates to compare.',
      all: (list: string) => `Compared with the source: ${list}. All are there.`,
      missing: (list: string, missing: number) =>
        `Compared with the source: ${list}. ${n(missing, { one: '# is', other: '# are' })} missing, please check.`,
      links: (count: number) => n(count, { one: '# link', other: '# links' }),
      mentions: (count: number) => n(count, { one: '# mention', other: '# mentions' }),
      tags: (count: number) => n(count, { one: '# hashtag', other: '# hashtags' }),
      numbers: (count: number) => n(count, { one: '# number', other: '# numbers' }),
      dates: (count: number) => n(count, { one: '# date', other: '# dates' }),
      names: (count: number) => n(count, { one: '# name', other: '# names' }),
      redone: (count: number) =>
        `${n(count, { one: '# part was', other: '# parts were' })} written once more because something was missing.`,
      dropped: (count: number) =>
        `${n(count, { one: '# sentence was', other: '# sentences were' })} left out because the source does not say so.`,
    },
  },
  answer: {
    /** Above a translation: from → to. */
    translation: (from: string, to: string) => `${from} → ${to}`,
    unchanged: 'This is already in that language, so there was nothing to translate.',
    truncated: 'The answer became too long and was cut off here.',
    missing: (count: number) =>
      `⚠️ ${n(count, { one: 'One detail', other: '# details' })} of the source may be missing. Please compare.`,
    noSpeech: 'I listened to all of it and heard no speech. Nothing was charged.',
    wholeInFile: 'This is the beginning; the whole text is in the file.',
    noFacts: 'I no longer keep the facts of this answer.',
  },

  buttons: {
    details: 'ℹ️ Details',
    proof: '🔏 Proof',
    retry: '↻ Try again',
    translateTo: '🌐 Translate to…',
    otherLanguage: '🌐 Another language…',
    translateInto: (language: string) => `🌐 Translate into ${language}`,
    translateAll: (language: string) => `🌐 Translate all into ${language}`,
    translateAnyway: 'Translate anyway',
    summarize: '📝 Summarise',
    summarizeIn: (language: string) => `📝 Summarise in ${language}`,
    notThisLanguage: (language: string) => `Not ${language}`,
    never: (language: string) => `Never translate ${language}`,
    txt: '📄 .txt',
    srt: '🎬 .srt',
    copy: '📋 Copy',
    cancel: 'Cancel',
    back: '‹ Back',
    more: 'More ›',
    process: 'Do them',
    discard: 'Forget them',
  },

  ask: {
    undecided: 'I am not sure which language this is. What shall I do with it?',
    short: 'You read this language, so I did nothing. What shall I do with it?',
    instruction: 'I did not understand the instruction. What shall I do with the message?',
    edited: 'You changed this message after I had answered. Shall I do it again?',
    whichLanguage: 'Into which language?',
    whichSource: 'Which language is it in?',
    needMaterial: 'Reply to a message with this command, or write the text after it.',
    needSound: 'Reply to a voice message, an audio or a video with this command.',
  },
  advice: {
    weak: (from: string, to: string) =>
      `I am not good at ${from} → ${to}: expect mistakes. Shall I try anyway?`,
    refused: (from: string, to: string) => `I cannot translate ${from} → ${to}.`,
    works: (list: string) => `What works well from there: ${list}.`,
  },
  input: {
    fileTooBig: (megabytes: number) =>
      `This file has ${megabytes} MB; Telegram gives bots at most 20 MB. Send it as a voice message, cut it, or send the sound only. Nothing was charged.`,
    telegramLink: 'I do not open Telegram links. Forward the post itself and I will read it.',
    accepts:
      'I cannot do anything with this one. Send me text, voice, audio, video, a PDF, DOCX, HTML or text file, or a link.',
    tooFast:
      'That is a lot at once. I take 20 requests a minute; please send the rest a little later.',
    tooMany: 'Three of your requests are running. Please wait until one of them is finished.',
    unknownCommand: 'I do not know this command. /help shows what I can do.',
    sendAgain: 'I no longer have this text. Please send it again.',
    sourceGone: 'The message this button belongs to is gone. Please send it again.',
  },
  backlog: {
    text: (count: number) =>
      `I was away. ${n(count, { one: 'One request of yours is', other: '# requests of yours are' })} waiting: shall I still do ${count === 1 ? 'it' : 'them'}?`,
    discarded: 'All right, forgotten.',
  },

  settings: {
    title: '⚙️ Settings',
    ui: (name: string) => `Menus: ${name}`,
    reads: (list: string) => `I read: ${list}`,
    target: (name: string) => `Translate into: ${name}`,
    summary: (from: number) =>
      from === 0 ? 'Summaries: only on request' : `Summaries from ${from} characters`,
    copies: (on: boolean) => (on ? 'Buttons work for 24 h' : 'Buttons under answers: off'),
    never: (list: string) => `Never translate: ${list}`,
    readsHelp:
      'Which languages do you read? I leave them untranslated. One to eight of them; press to switch.',
    targetHelp: 'Into which language shall I translate?',
    neverHelp: 'These languages are never translated for you. Press one to allow it again.',
    summaryHelp: 'From which length shall I summarise texts in a language you read?',
    copiesHelp:
      'For buttons such as “Summarise” or “.txt” I keep an encrypted copy of the answer for 24 hours. Its only key is inside the button itself, so I cannot read it before you press.',
    uiHelp: 'Language of my menus',
    off: 'off',
    on: 'on',
    saved: 'Saved',
    tooMany: 'Eight languages at most.',
    atLeastOne: 'At least one language must stay.',
    neverSaved: (name: string) =>
      `I will not translate ${name} for you again. /settings can undo this.`,
    done: 'Done',
  },
  languages: {
    text: (good: string, fair: string) =>
      `Translations work best between: ${good}.\n\nWith more mistakes: ${fair}.\n\nI write down speech in most of these and many more. If a pair is one I am not good at, I say so before I start.`,
    onlyGood: (good: string) => `I know: ${good}.`,
  },
  privacy: {
    text: (operator: string) =>
      [
        'Who can see what you send me:',
        '• Telegram: yes. Chats with bots are not end-to-end encrypted.',
        `• This bot’s machine (${operator}): only in memory, while it takes your message in and gives you the answer. Whoever runs it could change the program.`,
        '• The queue and the database: no. They hold encrypted bytes whose keys are destroyed when a job ends.',
        '• The machine that does the work: inside a confidential VM, for as long as one job runs. Its owner cannot look into it without breaking into the hardware.',
        '• Those who run queue and machines can see that a request of about this size ran at this time, not whose it was or what it said.',
        'What is kept, and for how long:',
        '• a receipt of each request (hashes and numbers, no words, no names): 400 days',
        '• your settings: until /delete_data',
        '• payments in Stars and the entries of your balance: as long as the books must be kept; after /delete_data under a pseudonym only',
        '• which message got which answer (numbers only): 7 days',
        '• channels you set up: until /delete_data; of their posts, fingerprints that only this bot can compare: 30 days',
        '• encrypted copy for the buttons under an answer: 24 hours; only the button holds its key. /settings can switch it off',
        '• a message I have not answered yet: encrypted, until it is answered',
        'No text, file name, link or name is ever written to a log.',
      ].join('\n'),
    test: 'This is a test network: its confidential hardware is simulated, so do not send secrets.',
  },
  data: {
    export:
      'Everything I keep about you: settings, numbers of answered messages, the channels you set up. Texts are not among it, because none are kept; copies behind buttons are sealed, and only the buttons can open them.',
    terms: (bot: string) =>
      [
        `Terms of ${bot}, in short:`,
        '• Translations, transcripts and summaries are made by AI and may be wrong. Do not rely on them where a mistake would hurt.',
        '• Send only what you may share, and nothing that is against the law or the rules of Telegram.',
        '• Your messages are used for your answer only: no training, no advertising, no sale.',
        '• You may ask for your data (/export) and delete it (/delete_data) at any time. /privacy says who sees what.',
        '• Something is free every day; beyond it requests are paid in Telegram Stars, and the price stands below the answer. A request that fails or is stopped costs nothing.',
        '• Stars you bought and did not spend are given back on request, and disputes are ours to settle: /paysupport. Telegram does not answer for this bot.',
        '• The service may be slow or away.',
      ].join('\n'),
  },
  forget: {
    ask: 'I will delete your settings, the encrypted copies behind buttons, the list of answered messages and anything still waiting. This cannot be undone.\n\nType DELETE or press the button. /cancel leaves everything as it is.',
    /** Before `ask`, when there is something to lose. */
    lose: (stars: string) =>
      `Your balance of ${stars} ⭐ is lost with it: have unspent payments given back first, with /paysupport.`,
    endsPlan: 'Your monthly plan is ended.',
    stays:
      'What stays are the entries of the ledger and receipts of requests, under a pseudonym and without words.',
    word: 'DELETE',
    yes: 'Delete my data',
    no: 'Keep it',
    done: (rows: number) =>
      `Done: ${n(rows, { one: '# record', other: '# records' })} deleted. I know nothing about you any more.`,
    kept: 'Nothing was deleted.',
  },
  channel: channelEn,
  group: groupEn,
  money: moneyEn,
  gpu: gpuEn,
  dialogue: {
    cancelled: 'All right, cancelled.',
    nothing: 'There is nothing to cancel.',
  },
}

type Widen<T> = T extends string
  ? string
  : T extends (...args: infer A) => string
    ? (...args: A) => string
    : { readonly [K in keyof T]: Widen<T[K]> }

/** Every language has exactly these entries; a missing or extra one does not compile. */
export type Texts = Widen<typeof en>
