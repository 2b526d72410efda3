/** @module Russian texts for GPU owners. */
import type { gpuEn } from './gpu-en.ts'
import { plural } from './plural.ts'

const n = plural('ru')

const minute = (ms: number): string =>
  new Intl.DateTimeFormat('ru', {
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZone: 'UTC',
  }).format(ms)
const second = (ms: number): string =>
  new Intl.DateTimeFormat('ru', { timeStyle: 'medium', hourCycle: 'h23', timeZone: 'UTC' }).format(
    ms,
  )

export const gpuRu = {
  about: [
    '• На вашей машине работает наш воркер: переводит, расшифровывает речь и пересказывает внутри конфиденциальной ВМ.',
    '• Содержимого не видит никто, и вы тоже; что запущено, проверяется до первой задачи.',
    '• Каждая выполненная задача оплачивается сразу: воркер получает и хранит подписанный ваучер.',
    '• Выплаты идут на ваш кошелёк: от 0.5 монеты, раз в сутки от 0.05 или по кнопке «Выплатить сейчас». Без залога.',
  ].join('\n'),
  noMachines: 'Машин пока нет.',
  machine: (number: number) => `Машина ${number}`,
  states: {
    new: 'ждёт первого запуска',
    dead: 'команду не использовали вовремя',
    refused: 'не допущена',
    loading: 'загружает модели',
    failing: 'не прошла самопроверку, задач не берёт',
    online: 'на связи',
    paused: 'на паузе',
    draining: 'заканчивает, нового не берёт',
    offline: 'не на связи',
  },
  tiers: {
    simulated: 'тестовый уровень',
    'cpu-tee': 'CPU TEE',
    'gpu-tee': 'GPU TEE',
  },
  ceilings: {
    simulated: 'свидетельства имитированы, они годятся только в тестовой сети',
    'cpu-tee': 'в свидетельствах нет конфиденциального GPU',
    'gpu-tee': 'выше не бывает',
  },
  today: (tasks: number, pay: string) =>
    `сегодня ${n(tasks, { one: '# задача', few: '# задачи', many: '# задач', other: '# задачи' })}, ${pay}`,
  earned: (today: string, week: string, month: string) =>
    `Заработано: сегодня ${today}, 7 дней ${week}, 30 дней ${month}`,
  unpaid: (sum: string) => `Не выплачено: ${sum}`,
  lastPayout: (sum: string, ms: number) => `Последняя выплата: ${sum}, ${minute(ms)} UTC`,
  noPayout: 'Выплат ещё не было.',
  wallet: (address: string) => `Кошелёк: ${address}`,
  noWallet: 'Кошелёк не привязан: сначала привяжите его, чтобы задачи оплачивались.',
  localWallet: 'создан этой установкой; привяжите свой',
  changeAsked: (address: string) => `Смена на ${address} ждёт вашего слова.`,
  changeWaits: (address: string, ms: number) => `С ${minute(ms)} UTC: ${address}`,
  latest: 'Только что:',
  task: (task: string, pay: string, ms: number) => `+${pay}   ${task}   ${second(ms)}`,
  buttons: {
    add: 'Добавить машину',
    link: 'Привязать кошелёк',
    change: 'Сменить кошелёк',
    openPage: 'Открыть страницу кошелька',
    payNow: 'Выплатить сейчас',
    payNowSure: 'Да, выплатить',
    alerts: 'Оповещения',
    refresh: 'Обновить',
    back: 'Назад',
    pause: 'Пауза',
    resume: 'Продолжить',
    drain: 'Доработать и остановить',
    remove: 'Удалить',
    removeSure: 'Да, удалить',
    confirm: 'Да, сменить',
    cancel: 'Отменить смену',
    copy: 'Копировать',
    explorer: 'Посмотреть',
  },
  join: (hours: number) =>
    `Запустите это на машине в папке Chrysalis. Команда годится для одной машины и умирает через ${n(hours, { one: '# час', few: '# часа', many: '# часов', other: '# часа' })} без использования. Это сообщение исчезнет, когда её используют. Никому её не давайте.`,
  steps: {
    token: (done: boolean) =>
      done ? '✓ команда использована' : '… ждём, когда используют команду',
    evidence: (tier: string, why: string) => `✓ свидетельства проверены: ${tier} (${why})`,
    evidenceWaits: '… проверяем свидетельства',
    models: (models: string) => `✓ модели загружены: ${models}`,
    modelsWait: '… загружаем модели',
    selfTest: (models: string) => `✓ самопроверка пройдена: ${models}`,
    selfTestFailed: (model: string, why: string) => `✗ самопроверка ${model} не пройдена: ${why}`,
    online: '✓ на связи: берёт задачи',
    refused: (why: string) => `✗ не допущена: ${why}`,
    dead: '✗ команду не использовали вовремя; добавьте машину заново',
  },
  refusals: {
    HW_UNKNOWN: 'оператор должен сначала записать эту машину',
    HW_OWNER: 'эта машина записана за другим владельцем',
    HW_TOKEN: 'эта команда принадлежит другой машине',
    HW_CAP: 'на этой машине уже столько воркеров, сколько можно',
    HW_SPLIT: 'эта машина подключена сразу из двух сетей',
    CLM_PAYOUT: 'её адрес выплат не тот, что привязан; запустите её с новым',
    POL_MEASUREMENT: 'её образа нет в политике; возьмите выпущенный',
    POL_DENIED: 'её образ отозван; возьмите новее',
    TCB_STATUS: 'её прошивка устарела; обновите BIOS и микрокод',
    TCB_MIN: 'её прошивка старше, чем допускает политика; обновите BIOS и микрокод',
    TCB_REVOKED: 'её прошивка отозвана; обновите BIOS и микрокод',
    TDX_TCB_NONE: 'её прошивка старше всего, что принимается; обновите BIOS',
    CRL_REVOKED: 'производитель отозвал её сертификат',
    GPU_VERSION: 'драйвера или VBIOS её GPU нет в политике; поставьте версию из списка',
    CLM_MODEL: 'её модели нет в политике; возьмите опубликованные файлы',
  },
  failures: {
    'engine.oom': 'не хватило памяти; возьмите модель поменьше или закройте другие программы',
    'engine.stuck': 'нет ответа за минуту; эта машина для неё слишком медленная',
    'engine.crash': 'движок упал; посмотрите журнал воркера',
    'engine.gpu-missing': 'подходящего GPU не нашлось; проверьте драйвер',
    'models.absent': 'модели нет; загрузите её командой ./chrysalis models',
    'models.corrupt': 'файл модели повреждён; загрузите его снова',
    'input.unsupported': 'звук не раскодировать; установлен ли ffmpeg?',
    'audio.undecodable': 'звук не раскодировать; установлен ли ffmpeg?',
  },
  walletPage:
    'На этой странице кошелёк подпишет, что адрес ваш. Адрес биржи этого не может. Ссылка годится десять минут.',
  sure: {
    remove: (machine: string) =>
      `Удалить: ${machine}? Её команда сразу перестанет работать. Заработанное останется вашим.`,
    payNow: (sum: string) =>
      `Выплатить ${sum} сейчас? Уйдёт со следующей пачкой, не чаще раза в час.`,
  },
  removed: 'Удалена.',
  gone: 'Этой машины больше нет.',
  payAsked: 'Уйдёт со следующей пачкой.',
  tooEarly: (ms: number) =>
    `С последней выплаты не прошло и часа. Выплаты по требованию — раз в час: попросите снова ${minute(ms)} UTC.`,
  tooLittle: (least: string) => `Выплаты по требованию — от ${least}.`,
  alertsTitle: 'Сообщать, когда',
  alerts: {
    offline: 'машина не на связи 5 минут',
    evidence: 'свидетельства истекут за 3 дня или не приняты',
    image: 'образ больше не допущен',
    payout: 'выплата отправлена',
  },
  notices: {
    linked: (address: string) => `Кошелёк привязан: ${address}`,
    changeAsked: (from: string, to: string) =>
      `Тот, у кого ключ нового кошелька, просит платить туда.\nСейчас: ${from}\nНовый: ${to}\nПодтверждайте, только если это вы. Подействует через сутки; заработанное до того остаётся за старым.`,
    changeWaits: (to: string, ms: number) => `С ${minute(ms)} UTC вам платим на ${to}.`,
    changeSoon: (to: string, ms: number) =>
      `Через два часа, ${minute(ms)} UTC, адрес выплат сменится на ${to}.`,
    changed: (to: string) =>
      `Теперь вам платим на ${to}. Перезапустите каждый воркер с новым адресом перед командой:`,
    changeCancelled: 'Смена адреса выплат отменена.',
    offline: (machine: string) => `${machine}: не на связи 5 минут.`,
    evidence: (machine: string, until: string) =>
      `${machine}: свидетельства истекают ${until} UTC. Обновите прошивку или образ.`,
    image: (machine: string) =>
      `${machine}: образ больше не допущен. Обновите его; до того задач не будет.`,
    refused: (machine: string, why: string) =>
      `${machine} не допущена: ${why}. До того задач не будет.`,
    paid: (sum: string) => `Выплачено: ${sum}`,
  },
  changeGone: 'Такой смены больше нет.',
} satisfies typeof gpuEn
