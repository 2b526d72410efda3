/** @module What the wallet page says. A refusal has a sentence of its own where the person can do something about it. */

const en = {
  title: 'Where shall your machines be paid?',
  lead: 'Your wallet signs that the address is yours. The signature moves no money and allows nothing else.',
  now: 'Paid to now',
  change:
    'Another address counts only a day after you have confirmed it in the chat; until then you can cancel it there.',
  custodial:
    'An address at an exchange cannot sign, and payouts carry no comment: use a wallet whose key is yours.',
  testTitle: 'Test wallet',
  testLead:
    'This is a test network, so this page makes a wallet itself. Its key stays in this browser; its coins are worth nothing.',
  testButton: 'Sign with the test wallet',
  realTitle: 'TON wallet',
  realLead: 'Connecting a real wallet is not built into this page yet.',
  signing: 'Signing …',
  linkedTitle: 'Linked',
  linked: 'Your machines are paid to this address from now on.',
  same: 'This address is linked already.',
  askedTitle: 'Almost done',
  asked: 'The bot has asked you in the chat whether to change to this address. Confirm it there.',
  back: 'You can close this page and go back to the chat.',
  noTicket: 'Open this page with the button in the bot: send it /gpu.',
  noKeys: 'This browser cannot make Ed25519 keys. Take a newer one.',
  offline: 'The server did not answer. Try again.',
  refused: (code) => `The wallet was not linked (${code}).`,
  codes: {
    'wallet.ticket': 'This link is too old. Ask the bot for a new one with /gpu.',
    'wallet.change-open': 'Another change is waiting for its day. Cancel it in the chat first.',
    'wallet.proof.nonce-expired': 'That took longer than five minutes. Try again.',
    'wallet.proof.nonce-used': 'This signature was used already. Try again.',
    'wallet.proof.network': 'The wallet is on another network than this system.',
    'wallet.proof.code': 'This kind of wallet is not known here, and it is not deployed yet.',
    'wallet.proof.old': 'The clock of the wallet is behind. Set it and try again.',
    'wallet.proof.future': 'The clock of the wallet is ahead. Set it and try again.',
  },
}

const ru = {
  title: 'Куда платить вашим машинам?',
  lead: 'Кошелёк подпишет, что адрес ваш. Подпись не переводит денег и больше ничего не разрешает.',
  now: 'Сейчас платим на',
  change:
    'Другой адрес начнёт действовать через сутки после подтверждения в чате; до этого его можно отменить там же.',
  custodial:
    'Адрес биржи подписать не может, а выплаты идут без комментария: возьмите кошелёк, ключ которого у вас.',
  testTitle: 'Тестовый кошелёк',
  testLead:
    'Это тестовая сеть, поэтому кошелёк делает сама страница. Ключ остаётся в этом браузере; монеты ничего не стоят.',
  testButton: 'Подписать тестовым кошельком',
  realTitle: 'Кошелёк TON',
  realLead: 'Подключение настоящего кошелька в эту страницу пока не встроено.',
  signing: 'Подписываем …',
  linkedTitle: 'Привязан',
  linked: 'С этого момента вашим машинам платим на этот адрес.',
  same: 'Этот адрес уже привязан.',
  askedTitle: 'Почти готово',
  asked: 'Бот спросил вас в чате, менять ли адрес на этот. Подтвердите там.',
  back: 'Страницу можно закрыть и вернуться в чат.',
  noTicket: 'Откройте эту страницу кнопкой в боте: пришлите ему /gpu.',
  noKeys: 'Этот браузер не умеет делать ключи Ed25519. Возьмите более новый.',
  offline: 'Сервер не ответил. Попробуйте ещё раз.',
  refused: (code) => `Кошелёк не привязан (${code}).`,
  codes: {
    'wallet.ticket': 'Ссылка устарела. Возьмите у бота новую: /gpu.',
    'wallet.change-open': 'Другая смена адреса ждёт своих суток. Сначала отмените её в чате.',
    'wallet.proof.nonce-expired': 'Прошло больше пяти минут. Попробуйте ещё раз.',
    'wallet.proof.nonce-used': 'Эта подпись уже использована. Попробуйте ещё раз.',
    'wallet.proof.network': 'Кошелёк в другой сети, чем эта система.',
    'wallet.proof.code': 'Такой кошелёк здесь не известен, и он ещё не развёрнут.',
    'wallet.proof.old': 'Часы кошелька отстают. Поправьте их и попробуйте ещё раз.',
    'wallet.proof.future': 'Часы кошелька спешат. Поправьте их и попробуйте ещё раз.',
  },
}

export const WORDS = { en, ru }
