/** @module English texts about money: Stars only, since nothing else is sold inside Telegram. */
import { plural } from './plural.ts'

const n = plural('en')

const day = (ms: number): string =>
  new Intl.DateTimeFormat('en', { day: 'numeric', month: 'short', timeZone: 'UTC' }).format(ms)
const minute = (ms: number): string =>
  new Intl.DateTimeFormat('en', {
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZone: 'UTC',
  }).format(ms)

export const moneyEn = {
  /** In the footer of an answer. */
  footer: {
    free: (left: string, of: string) => `free, ${left} of ${of} ⭐ left today`,
    plainFree: 'free',
    paid: (stars: string) => `${stars} ⭐`,
    nothing: 'not charged',
  },
  ask: {
    price: (stars: string, limit: string) =>
      `This costs at most ${stars} ⭐; you asked to be told above ${limit} ⭐. You pay only for what is used, and nothing if it fails.`,
    priceInGroup: (stars: string) =>
      `This would cost up to ${stars} ⭐, above what you agreed to. Send it to me in private, or raise the limit in /settings there.`,
    translate: (stars: string) => `Translate for ${stars} ⭐`,
    summarize: (stars: string) => `Summarise for ${stars} ⭐`,
    transcribe: (stars: string) => `Write down for ${stars} ⭐`,
  },
  short: {
    need: (need: string, have: string) =>
      `This costs up to ${need} ⭐ and your balance is ${have} ⭐. Nothing was charged.`,
    spent: (ms: number) =>
      `Today’s free allowance is used up; it renews on ${minute(ms)} UTC. Nothing was charged.`,
    buy: 'Stars go on at once.',
  },
  balance: {
    stars: (stars: string) => `Balance: ${stars} ⭐`,
    held: (stars: string) => `Held for running requests: ${stars} ⭐`,
    free: (left: string, of: string, jobs: number) =>
      `Free today: ${left} of ${of} ⭐, ${n(jobs, { one: '# request', other: '# requests' })}`,
    renews: (ms: number) => `Renews on ${minute(ms)} UTC`,
    noPlan: 'Plan: none',
    plan: (stars: string, ms: number) => `Plan: ${stars} ⭐ a month, next on ${day(ms)}`,
    planEnds: (stars: string, ms: number) => `Plan: ${stars} ⭐ a month, ends on ${day(ms)}`,
    planFailed: (ms: number) => `Plan: the last renewal could not be paid; it ran until ${day(ms)}`,
    planOver: (ms: number) => `Plan: ended on ${day(ms)}`,
    entries: 'Last entries:',
    none: 'No entries yet.',
    entry: (ms: number, amount: string, what: string) => `${minute(ms)}   ${amount}   ${what}`,
    reasons: {
      capture: 'request',
      'stars.bought': 'bought',
      'stars.refunded': 'given back',
      forfeit: 'given up',
      other: 'correction',
    },
    csv: 'All entries of your balance. Amounts are in millionths of a Star.',
  },
  buttons: {
    balance: '⭐ Balance',
    buy: '⭐ Buy',
    plan: '🗓 Plan',
    refund: '↩️ Refund',
    csv: '📄 CSV',
    pack: (stars: string) => `⭐ ${stars}`,
    subscribe: (stars: string) => `⭐ ${stars} a month`,
    endPlan: 'End the plan',
    endPlanYes: 'Yes, end it',
    otherMatter: 'Something else',
    opRefund: '↩️ Refund in full',
  },
  buy: {
    choose:
      'How many Stars shall I put on your balance? They are used for requests beyond the free daily allowance and do not expire.',
    title: (stars: string) => `${stars} Stars of credit`,
    description: (stars: string) =>
      `${stars} ⭐ for translations, transcripts and summaries. What you do not spend can be given back: /paysupport`,
    label: 'Credit',
    closed:
      'I am not selling Stars for the moment; what you have can be used as always. Please try again tomorrow.',
  },
  plan: {
    offer:
      'With a plan your balance is filled up every 30 days. You can end it at any time; what is on your balance stays.',
    title: (stars: string) => `${stars} Stars a month`,
    description: (stars: string) =>
      `${stars} ⭐ of credit every 30 days, until you end it with /plan. What you do not spend stays yours.`,
    link: (stars: string) => `Your plan of ${stars} ⭐ a month. The button is good for an hour.`,
    sure: (ms: number) => `The plan then runs until ${day(ms)} and is not renewed. End it?`,
    ended: 'Your plan is ended; nothing more is taken. Your balance stays.',
    none: 'You have no plan.',
  },
  /** Why a payment is not taken; shown by Telegram. */
  refused: {
    unknown: 'I do not know this invoice. Please make a new one with /buy.',
    expired: 'This invoice is older than an hour. Please make a new one with /buy.',
    'other-person': 'This invoice is somebody else’s. Make your own with /buy.',
    'other-amount': 'The amount of this invoice is not right. Please make a new one with /buy.',
    paid: 'This invoice is paid already. For more, make a new one with /buy.',
    closed: 'I am not selling Stars for the moment. Please try again tomorrow.',
    maintenance: 'I cannot take payments just now. Please try again in a few minutes.',
  },
  receipt: {
    credited: (stars: string, balance: string) =>
      `Thank you! ${stars} ⭐ are on your balance, which is now ${balance} ⭐.`,
    plan: (stars: string, ms: number, balance: string) =>
      `Your plan is paid until ${day(ms)}: ${stars} ⭐ came on your balance, which is now ${balance} ⭐.`,
    suspense: (stars: string) =>
      `Your ${stars} ⭐ have arrived, but I cannot tell which invoice they are for. They are safe: please tell us with /paysupport.`,
    canceled: (ms: number) =>
      `Your plan will not be renewed; it runs until ${day(ms)}. Your balance stays.`,
    active: (ms: number) => `Your plan goes on; the next payment is on ${day(ms)}.`,
    failed: 'Your plan could not be renewed: the payment failed. Your balance stays.',
    takenBack: (stars: string, balance: string) =>
      `Telegram has given ${stars} ⭐ of a payment back to you. Your balance is now ${balance} ⭐.`,
  },
  refund: {
    choose: 'Which payment shall I give back? What is unspent of it leaves your balance.',
    none: 'There is no payment that could be given back.',
    line: (ms: number, stars: string) => `${day(ms)} · ⭐ ${stars}`,
    done: (stars: string, balance: string) =>
      `Done: ${stars} ⭐ went back to you. Your balance is now ${balance} ⭐.`,
    requested: 'The refund is written down and on its way; Telegram did not answer yet.',
    already: 'This payment was given back already.',
    unknown: 'I do not find this payment.',
    short: (ticket: number) =>
      `Part of this payment is spent, so a person decides: ticket #${ticket} is open. You will be answered here.`,
  },
  support: {
    choose:
      'What is it about? Choose a payment, and you get a ticket number. A person reads it and answers here.',
    /** Begins with the mark by which an answer is known to belong to the ticket. */
    opened: (mark: string) =>
      `${mark}\nYour ticket is open. Reply to this message with what happened, and you will be answered here.`,
    passedOn: (ticket: number) => `Added to ticket #${ticket}.`,
    unheard: 'Nobody is on duty who could read this now; your ticket is kept.',
    toOperator: (mark: string, payment: string, balance: string) =>
      `${mark}\nPayment: ${payment}\nBalance: ${balance} ⭐\nReply to this message: I pass it on.`,
    noPayment: 'none chosen',
    wrote: (mark: string) => `${mark}\nThe person writes:`,
    answer: (mark: string) => `${mark}\nAnswer of the operator:`,
    sent: 'Passed on.',
    gone: 'This ticket is not there any more.',
  },
  setting: (stars: string) => `Ask me above ${stars} ⭐`,
  settingHelp:
    'From which price on shall I ask before I start? Anything cheaper starts at once and shows its price below the answer.',
}
