/** @module English texts for GPU owners. Their pay is in coins; nothing is sold for coins here. */
import { plural } from './plural.ts'

const n = plural('en')

const minute = (ms: number): string =>
  new Intl.DateTimeFormat('en', {
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZone: 'UTC',
  }).format(ms)
const second = (ms: number): string =>
  new Intl.DateTimeFormat('en', { timeStyle: 'medium', hourCycle: 'h23', timeZone: 'UTC' }).format(
    ms,
  )

export const gpuEn = {
  about: [
    '• Your machine runs our worker: it translates, transcribes and summarises inside a confidential VM.',
    '• Nobody reads what it works on, you included; what it runs is checked before it gets a task.',
    '• Each finished task is paid, at the moment it ends, by a signed voucher that your worker keeps.',
    '• Payouts go to your own wallet: from 0.5 coins, daily from 0.05, or when you press Pay out now. No deposit.',
  ].join('\n'),
  noMachines: 'No machines yet.',
  machine: (number: number) => `Machine ${number}`,
  states: {
    new: 'waits for its first start',
    dead: 'its command was not used in time',
    refused: 'refused',
    loading: 'loads its models',
    failing: 'failed its self-test, takes nothing',
    online: 'online',
    paused: 'paused',
    draining: 'finishing, takes nothing new',
    offline: 'offline',
  },
  tiers: {
    simulated: 'test tier',
    'cpu-tee': 'CPU TEE',
    'gpu-tee': 'GPU TEE',
  },
  /** Why not a higher one. */
  ceilings: {
    simulated: 'its evidence is simulated, which counts on the test network only',
    'cpu-tee': 'no confidential GPU in its evidence',
    'gpu-tee': 'the highest there is',
  },
  today: (tasks: number, pay: string) =>
    `${n(tasks, { one: '# task', other: '# tasks' })} today, ${pay}`,
  earned: (today: string, week: string, month: string) =>
    `Earned: today ${today}, 7 days ${week}, 30 days ${month}`,
  unpaid: (sum: string) => `Unpaid: ${sum}`,
  lastPayout: (sum: string, ms: number) => `Last payout: ${sum} on ${minute(ms)} UTC`,
  noPayout: 'No payout yet.',
  wallet: (address: string) => `Wallet: ${address}`,
  noWallet: 'No wallet is linked: link one first, so that your tasks are paid.',
  localWallet: 'made by this installation; link your own',
  changeAsked: (address: string) => `A change to ${address} waits for your word.`,
  changeWaits: (address: string, ms: number) => `From ${minute(ms)} UTC: ${address}`,
  latest: 'Just now:',
  task: (task: string, pay: string, ms: number) => `+${pay}   ${task}   ${second(ms)}`,
  buttons: {
    add: 'Add machine',
    link: 'Link a wallet',
    change: 'Change the wallet',
    openPage: 'Open the wallet page',
    payNow: 'Pay out now',
    payNowSure: 'Yes, pay out',
    alerts: 'Alerts',
    refresh: 'Refresh',
    back: 'Back',
    pause: 'Pause',
    resume: 'Resume',
    drain: 'Drain',
    remove: 'Remove',
    removeSure: 'Yes, remove it',
    confirm: 'Yes, change it',
    cancel: 'Cancel the change',
    copy: 'Copy',
    explorer: 'Look at it',
  },
  join: (hours: number) =>
    `Run this on the machine, in the folder of Chrysalis. It is good for one machine, and dead after ${n(hours, { one: '# hour', other: '# hours' })} without use. This message goes when it is used. Give it to nobody.`,
  steps: {
    token: (done: boolean): string =>
      done ? '✓ command used' : '… waiting for the command to be used',
    evidence: (tier: string, why: string) => `✓ evidence checked: ${tier} (${why})`,
    evidenceWaits: '… checking its evidence',
    models: (models: string) => `✓ models loaded: ${models}`,
    modelsWait: '… loading its models',
    selfTest: (models: string) => `✓ self-test passed: ${models}`,
    selfTestFailed: (model: string, why: string) => `✗ self-test of ${model} failed: ${why}`,
    online: '✓ online: it takes tasks now',
    refused: (why: string) => `✗ refused: ${why}`,
    dead: '✗ the command was not used in time; add the machine again',
  },
  refusals: {
    HW_UNKNOWN: 'the operator has to enrol this machine first',
    HW_OWNER: 'this machine is another owner’s',
    HW_TOKEN: 'this command belongs to another machine',
    HW_CAP: 'this machine already runs as many workers as it may',
    HW_SPLIT: 'this machine is connected from two networks at once',
    CLM_PAYOUT: 'its payout address is not the linked one; start it with the new one',
    POL_MEASUREMENT: 'its image is not on the policy; use a released one',
    POL_DENIED: 'its image was withdrawn; use a newer one',
    TCB_STATUS: 'its firmware is out of date; update BIOS and microcode',
    TCB_MIN: 'its firmware is older than the policy allows; update BIOS and microcode',
    TCB_REVOKED: 'its firmware was revoked; update BIOS and microcode',
    TDX_TCB_NONE: 'its firmware is older than anything that is accepted; update the BIOS',
    CRL_REVOKED: 'its vendor has revoked its certificate',
    GPU_VERSION: 'its GPU’s driver or VBIOS is not on the policy; install a listed version',
    CLM_MODEL: 'its model is not on the policy; use the published files',
  },
  failures: {
    'engine.oom': 'not enough memory; use a smaller model or close other programs',
    'engine.stuck': 'no answer within a minute; this machine is too slow for it',
    'engine.crash': 'the engine crashed; look at the worker’s log',
    'engine.gpu-missing': 'no usable GPU was found; look at its driver',
    'models.absent': 'the model is not there; load it with ./chrysalis models',
    'models.corrupt': 'the file of the model is damaged; load it again',
    'input.unsupported': 'sound cannot be decoded; is ffmpeg installed?',
    'audio.undecodable': 'sound cannot be decoded; is ffmpeg installed?',
  },
  walletPage:
    'Your wallet signs on this page that the address is yours. An address at an exchange cannot. The link is good for ten minutes.',
  sure: {
    remove: (machine: string) =>
      `Remove ${machine}? Its command stops working at once. What it has earned stays yours.`,
    payNow: (sum: string) =>
      `Pay ${sum} out now? It goes with the next batch, at most once an hour.`,
  },
  removed: 'Removed.',
  gone: 'This machine is not there any more.',
  payAsked: 'It goes with the next batch.',
  tooEarly: (ms: number) =>
    `You were paid less than an hour ago. Payouts on demand go once an hour: ask again at ${minute(ms)} UTC.`,
  tooLittle: (least: string) => `Payouts on demand begin at ${least}.`,
  alertsTitle: 'Tell me when',
  alerts: {
    offline: 'a machine is offline for 5 minutes',
    evidence: 'evidence expires within 3 days, or is refused',
    image: 'an image is no longer allowed',
    payout: 'a payout is sent',
  },
  notices: {
    linked: (address: string) => `Wallet linked: ${address}`,
    changeAsked: (from: string, to: string) =>
      `Somebody who holds the key of a new wallet asks to be paid there.\nNow: ${from}\nNew: ${to}\nConfirm only if that was you. It counts a day later; earnings until then stay with the old one.`,
    changeWaits: (to: string, ms: number) => `From ${minute(ms)} UTC you are paid to ${to}.`,
    changeSoon: (to: string, ms: number) =>
      `In two hours, at ${minute(ms)} UTC, your payout address changes to ${to}.`,
    changed: (to: string) =>
      `You are paid to ${to} from now on. Restart each worker with the new address in front of its command:`,
    changeCancelled: 'The change of your payout address is cancelled.',
    offline: (machine: string) => `${machine} is offline for 5 minutes.`,
    evidence: (machine: string, until: string) =>
      `The evidence of ${machine} expires on ${until} UTC: update firmware or image.`,
    image: (machine: string) =>
      `The image of ${machine} is no longer allowed: update it. It gets no tasks until then.`,
    refused: (machine: string, why: string) =>
      `${machine} is refused: ${why}. It gets no tasks until then.`,
    paid: (sum: string) => `Paid out: ${sum}`,
  },
  changeGone: 'There is no such change any more.',
}
