/** @module What the wallet page says. A refusal has a sentence of its own where the person can do something about it. */

const en = {
  title: 'Where shall your machines be paid?',
  lead: 'Your wallet signs that the address is yours. The signature moves no money and allows nothing else.',
  now: 'Paid to now',
  change:
    'Another address counts only a day after you have confirmed it in the chat; until then you can cancel it there.',
  custodial:
    'An address at an exchange cannot be linked: the exchange holds its key, so you cannot sign, and payouts carry no comment. Use a wallet whose key is yours.',
  testTitle: 'Test wallet',
  testLead:
    'This is a test network, so this page makes a wallet itself. Its key stays in this browser; its coins are worth nothing.',
  testButton: 'Sign with the test wallet',
  appsTitle: 'Wallet app',
  appsLead: 'Choose the app in which your key is. It shows what it signs.',
  appsUntried:
    'This way was tried with a stand-in of a wallet, not yet with each of these apps. If yours fails, choose another one.',
  apps: {
    'no-address':
      'No wallet app can be asked here: this system has no public address. Whoever runs it sets CHRYSALIS_WALLET_URL.',
    'not-https':
      'No wallet app can be asked here: apps read who asks over https only. Whoever runs this system sets CHRYSALIS_WALLET_URL to an https address.',
  },
  openApp: (name) => `Open ${name}`,
  otherDevice: 'Is the wallet on another device? Open this link there within five minutes:',
  copy: 'Copy the link',
  copied: 'Copied',
  waiting: (name) => `Waiting for ${name} … Keep this page open.`,
  cancel: 'Choose another wallet',
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
  networks: {
    '-239':
      'The wallet is on another network: this system pays on the main network. Switch the wallet to it and try again.',
    '-3': 'The wallet is on another network: this system pays on the test network. Switch the wallet to testnet in its settings and try again.',
    other:
      'This system pays on a network of its own machine, and no wallet app is on it. Sign with the test wallet.',
  },
  codes: {
    'wallet.app.rejected':
      'You refused in the wallet. Nothing was linked; try again when you like.',
    'wallet.app.no-proof': 'This wallet connects but does not sign proofs. Choose another one.',
    'wallet.app.manifest':
      'The wallet could not read who asks. Whoever runs this system has to make /tonconnect-manifest.json reachable.',
    'wallet.app.failed': 'The wallet answered with an error. Try again, or choose another one.',
    'wallet.ticket': 'This link is too old. Ask the bot for a new one with /gpu.',
    'wallet.change-open': 'Another change is waiting for its day. Cancel it in the chat first.',
    'wallet.proof.shape':
      'The wallet sent something else than a proof. Update it, or choose another one.',
    'wallet.proof.base64': 'What the wallet sent cannot be read. Update it, or choose another one.',
    'wallet.proof.workchain': 'This address is in the masterchain. Take one of the basechain.',
    'wallet.proof.test-only':
      'This is an address of the test network. Take one of the main network.',
    'wallet.proof.own-contract':
      'This address is a contract of the system itself. Take a wallet of your own.',
    'wallet.proof.domain':
      'The wallet signed for another site. Open this page with the button in the bot (/gpu) and try again.',
    'wallet.proof.domain-length':
      'The wallet named this site wrongly. Update it, or choose another one.',
    'wallet.proof.old': 'The clock of the wallet is behind. Set it and try again.',
    'wallet.proof.future': 'The clock of the wallet is ahead. Set it and try again.',
    'wallet.proof.timestamp':
      'The wallet signed before it was asked. Set the clock of its device and try again.',
    'wallet.proof.state-init':
      'The wallet showed the contract of another address. Update it, or choose another one.',
    'wallet.proof.address':
      'The wallet signed for another of its addresses. Choose the right one in it and try again.',
    'wallet.proof.code':
      'This kind of wallet is not known here, and it is not deployed yet. Send one payment from it, or take another kind (W5, V4).',
    'wallet.proof.key':
      'The key that signed does not own this address. Choose the right address in the wallet and try again.',
    'wallet.proof.signature': 'The signature does not hold. Try again, or choose another wallet.',
    'wallet.proof.nonce-unknown': 'The wallet signed an older request. Try again.',
    'wallet.proof.nonce-used': 'This signature was used already. Try again.',
    'wallet.proof.nonce-foreign': 'The wallet signed a request of somebody else. Try again.',
    'wallet.proof.nonce-expired': 'That took longer than five minutes. Try again.',
    'chain.unavailable':
      'The chain could not be asked about this wallet just now. Try again in a minute.',
  },
}

const ru = {
  title: 'Куда платить вашим машинам?',
  lead: 'Кошелёк подпишет, что адрес ваш. Подпись не переводит денег и больше ничего не разрешает.',
  now: 'Сейчас платим на',
  change:
    'Другой адрес начнёт действовать через сутки после подтверждения в чате; до этого его можно отменить там же.',
  custodial:
    'Адрес на бирже не привязать: ключ у биржи, подписать вы не можете, и выплаты идут без комментария. Возьмите кошелёк, ключ которого у вас.',
  testTitle: 'Тестовый кошелёк',
  testLead:
    'Это тестовая сеть, поэтому кошелёк делает сама страница. Ключ остаётся в этом браузере; монеты ничего не стоят.',
  testButton: 'Подписать тестовым кошельком',
  appsTitle: 'Приложение-кошелёк',
  appsLead: 'Выберите приложение, в котором ваш ключ. Оно покажет, что подписывает.',
  appsUntried:
    'Этот путь проверен на замене кошелька, но ещё не в каждом из этих приложений. Если ваше не справится, возьмите другое.',
  apps: {
    'no-address':
      'Приложение-кошелёк здесь не подключить: у системы нет публичного адреса. Его задаёт тот, кто её запустил: CHRYSALIS_WALLET_URL.',
    'not-https':
      'Приложение-кошелёк здесь не подключить: кто спрашивает, приложения читают только по https. Тот, кто запустил систему, задаёт адрес https в CHRYSALIS_WALLET_URL.',
  },
  openApp: (name) => `Открыть ${name}`,
  otherDevice: 'Кошелёк на другом устройстве? Откройте там эту ссылку в течение пяти минут:',
  copy: 'Скопировать ссылку',
  copied: 'Скопировано',
  waiting: (name) => `Ждём ${name} … Не закрывайте страницу.`,
  cancel: 'Выбрать другой кошелёк',
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
  networks: {
    '-239':
      'Кошелёк в другой сети: система платит в основной. Переключите его на основную и попробуйте ещё раз.',
    '-3': 'Кошелёк в другой сети: система платит в тестовой. Переключите его на testnet в настройках и попробуйте ещё раз.',
    other:
      'Система платит в сети своей собственной машины, приложений-кошельков в ней нет. Подпишите тестовым кошельком.',
  },
  codes: {
    'wallet.app.rejected':
      'Вы отказались в кошельке. Ничего не привязано; попробуйте ещё раз, когда захотите.',
    'wallet.app.no-proof':
      'Этот кошелёк подключается, но доказательств не подписывает. Возьмите другой.',
    'wallet.app.manifest':
      'Кошелёк не смог прочитать, кто спрашивает. Тот, кто запустил систему, должен открыть /tonconnect-manifest.json.',
    'wallet.app.failed': 'Кошелёк ответил ошибкой. Попробуйте ещё раз или возьмите другой.',
    'wallet.ticket': 'Ссылка устарела. Возьмите у бота новую: /gpu.',
    'wallet.change-open': 'Другая смена адреса ждёт своих суток. Сначала отмените её в чате.',
    'wallet.proof.shape': 'Кошелёк прислал не доказательство. Обновите его или возьмите другой.',
    'wallet.proof.base64': 'Присланное кошельком не читается. Обновите его или возьмите другой.',
    'wallet.proof.workchain': 'Этот адрес в мастерчейне. Возьмите адрес в бейсчейне.',
    'wallet.proof.test-only': 'Это адрес тестовой сети. Возьмите адрес основной.',
    'wallet.proof.own-contract': 'Этот адрес — контракт самой системы. Возьмите свой кошелёк.',
    'wallet.proof.domain':
      'Кошелёк подписал для другого сайта. Откройте эту страницу кнопкой в боте (/gpu) и попробуйте ещё раз.',
    'wallet.proof.domain-length':
      'Кошелёк неверно назвал этот сайт. Обновите его или возьмите другой.',
    'wallet.proof.old': 'Часы кошелька отстают. Поправьте их и попробуйте ещё раз.',
    'wallet.proof.future': 'Часы кошелька спешат. Поправьте их и попробуйте ещё раз.',
    'wallet.proof.timestamp':
      'Кошелёк подписал раньше, чем его спросили. Поправьте часы его устройства и попробуйте ещё раз.',
    'wallet.proof.state-init':
      'Кошелёк показал контракт другого адреса. Обновите его или возьмите другой.',
    'wallet.proof.address':
      'Кошелёк подписал для другого своего адреса. Выберите в нём нужный и попробуйте ещё раз.',
    'wallet.proof.code':
      'Такой кошелёк здесь не известен, и он ещё не развёрнут. Отправьте с него один платёж или возьмите другой вид (W5, V4).',
    'wallet.proof.key':
      'Подписавший ключ этим адресом не владеет. Выберите в кошельке нужный адрес и попробуйте ещё раз.',
    'wallet.proof.signature':
      'Подпись не сходится. Попробуйте ещё раз или возьмите другой кошелёк.',
    'wallet.proof.nonce-unknown': 'Кошелёк подписал прежний запрос. Попробуйте ещё раз.',
    'wallet.proof.nonce-used': 'Эта подпись уже использована. Попробуйте ещё раз.',
    'wallet.proof.nonce-foreign': 'Кошелёк подписал чужой запрос. Попробуйте ещё раз.',
    'wallet.proof.nonce-expired': 'Прошло больше пяти минут. Попробуйте ещё раз.',
    'chain.unavailable':
      'Сейчас не удалось спросить у сети об этом кошельке. Попробуйте через минуту.',
  },
}

export const WORDS = { en, ru }
