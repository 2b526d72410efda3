/** @module Russian texts about money. */
import type { moneyEn } from './money-en.ts'
import { plural } from './plural.ts'

const n = plural('ru')

const day = (ms: number): string =>
  new Intl.DateTimeFormat('ru', { day: 'numeric', month: 'short', timeZone: 'UTC' }).format(ms)
const minute = (ms: number): string =>
  new Intl.DateTimeFormat('ru', {
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZone: 'UTC',
  }).format(ms)

export const moneyRu: typeof moneyEn = {
  footer: {
    free: (left: string, of: string) => `бесплатно, на сегодня осталось ${left} из ${of} ⭐`,
    plainFree: 'бесплатно',
    paid: (stars: string) => `${stars} ⭐`,
    nothing: 'без списания',
  },
  ask: {
    price: (stars: string, limit: string) =>
      `Это стоит не больше ${stars} ⭐; вы просили спрашивать от ${limit} ⭐. Платите только за сделанное, а за неудачу — ничего.`,
    priceInGroup: (stars: string) =>
      `Это стоило бы до ${stars} ⭐ — больше, чем вы разрешили. Пришлите мне в личный чат или поднимите порог там в /settings.`,
    translate: (stars: string) => `Перевести за ${stars} ⭐`,
    summarize: (stars: string) => `Пересказать за ${stars} ⭐`,
    transcribe: (stars: string) => `Расшифровать за ${stars} ⭐`,
  },
  short: {
    need: (need: string, have: string) =>
      `Это стоит до ${need} ⭐, а на балансе ${have} ⭐. Ничего не списано.`,
    spent: (ms: number) =>
      `Бесплатный запас на сегодня израсходован; он обновится ${minute(ms)} UTC. Ничего не списано.`,
    buy: 'Со звёздами можно продолжить сразу.',
  },
  balance: {
    stars: (stars: string) => `Баланс: ${stars} ⭐`,
    held: (stars: string) => `Отложено на текущие запросы: ${stars} ⭐`,
    free: (left: string, of: string, jobs: number) =>
      `Бесплатно сегодня: ${left} из ${of} ⭐, ${n(jobs, { one: '# запрос', few: '# запроса', many: '# запросов', other: '# запроса' })}`,
    renews: (ms: number) => `Обновится ${minute(ms)} UTC`,
    noPlan: 'Подписка: нет',
    plan: (stars: string, ms: number) => `Подписка: ${stars} ⭐ в месяц, следующая ${day(ms)}`,
    planEnds: (stars: string, ms: number) =>
      `Подписка: ${stars} ⭐ в месяц, действует до ${day(ms)}`,
    planFailed: (ms: number) =>
      `Подписка: последнее продление не удалось оплатить; она действовала до ${day(ms)}`,
    planOver: (ms: number) => `Подписка: закончилась ${day(ms)}`,
    entries: 'Последние записи:',
    none: 'Записей пока нет.',
    entry: (ms: number, amount: string, what: string) => `${minute(ms)}   ${amount}   ${what}`,
    reasons: {
      capture: 'запрос',
      'stars.bought': 'покупка',
      'stars.refunded': 'возврат',
      forfeit: 'отказ от остатка',
      other: 'исправление',
    },
    csv: 'Все записи вашего баланса. Суммы — в миллионных долях звезды.',
  },
  buttons: {
    balance: '⭐ Баланс',
    buy: '⭐ Купить',
    plan: '🗓 Подписка',
    refund: '↩️ Возврат',
    csv: '📄 CSV',
    pack: (stars: string) => `⭐ ${stars}`,
    subscribe: (stars: string) => `⭐ ${stars} в месяц`,
    endPlan: 'Отменить подписку',
    endPlanYes: 'Да, отменить',
    otherMatter: 'Другое',
    opRefund: '↩️ Вернуть полностью',
  },
  buy: {
    choose:
      'Сколько звёзд положить на ваш баланс? Они идут на запросы сверх бесплатного дневного запаса и не сгорают.',
    title: (stars: string) => `Баланс: ${stars} звёзд`,
    description: (stars: string) =>
      `${stars} ⭐ на переводы, расшифровки и пересказы. Неизрасходованное можно вернуть: /paysupport`,
    label: 'Баланс',
    closed:
      'Сейчас я не продаю звёзды; то, что у вас есть, работает как всегда. Попробуйте завтра.',
  },
  plan: {
    offer:
      'С подпиской баланс пополняется каждые 30 дней. Её можно отменить в любой момент; остаток сохраняется.',
    title: (stars: string) => `${stars} звёзд в месяц`,
    description: (stars: string) =>
      `${stars} ⭐ на баланс каждые 30 дней, пока вы не отмените через /plan. Неизрасходованное остаётся вашим.`,
    link: (stars: string) => `Ваша подписка: ${stars} ⭐ в месяц. Кнопка действует час.`,
    sure: (ms: number) => `Подписка будет действовать до ${day(ms)} и не продлится. Отменить?`,
    ended: 'Подписка отменена; больше ничего не спишется. Баланс сохраняется.',
    none: 'У вас нет подписки.',
  },
  refused: {
    unknown: 'Я не знаю такого счёта. Создайте новый через /buy.',
    expired: 'Этому счёту больше часа. Создайте новый через /buy.',
    'other-person': 'Это чужой счёт. Создайте свой через /buy.',
    'other-amount': 'Сумма этого счёта неверна. Создайте новый через /buy.',
    paid: 'Этот счёт уже оплачен. Чтобы купить ещё, создайте новый через /buy.',
    closed: 'Сейчас я не продаю звёзды. Попробуйте завтра.',
    maintenance: 'Сейчас я не могу принять оплату. Попробуйте через несколько минут.',
  },
  receipt: {
    credited: (stars: string, balance: string) =>
      `Спасибо! На баланс пришло ${stars} ⭐, теперь на нём ${balance} ⭐.`,
    plan: (stars: string, ms: number, balance: string) =>
      `Подписка оплачена до ${day(ms)}: на баланс пришло ${stars} ⭐, теперь на нём ${balance} ⭐.`,
    suspense: (stars: string) =>
      `Ваши ${stars} ⭐ пришли, но я не вижу, за какой счёт. Они не пропали: напишите нам через /paysupport.`,
    canceled: (ms: number) =>
      `Подписка не продлится; она действует до ${day(ms)}. Баланс сохраняется.`,
    active: (ms: number) => `Подписка продолжается; следующая оплата ${day(ms)}.`,
    failed: 'Подписку не удалось продлить: оплата не прошла. Баланс сохраняется.',
    takenBack: (stars: string, balance: string) =>
      `Telegram вернул вам ${stars} ⭐ по одному из платежей. На балансе теперь ${balance} ⭐.`,
  },
  refund: {
    choose: 'Какой платёж вернуть? Неизрасходованное по нему уйдёт с баланса.',
    none: 'Нет платежа, который можно вернуть.',
    line: (ms: number, stars: string) => `${day(ms)} · ⭐ ${stars}`,
    done: (stars: string, balance: string) =>
      `Готово: ${stars} ⭐ вернулись к вам. На балансе теперь ${balance} ⭐.`,
    requested: 'Возврат записан и в пути; Telegram пока не ответил.',
    already: 'Этот платёж уже возвращён.',
    unknown: 'Я не нахожу этот платёж.',
    short: (ticket: number) =>
      `Часть этого платежа израсходована, поэтому решает человек: открыто обращение №${ticket}. Вам ответят здесь.`,
  },
  support: {
    choose:
      'О чём речь? Выберите платёж — и получите номер обращения. Его прочтёт человек и ответит здесь.',
    opened: (mark: string) =>
      `${mark}\nОбращение открыто. Ответьте на это сообщение и опишите, что случилось; вам ответят здесь.`,
    passedOn: (ticket: number) => `Добавлено к обращению №${ticket}.`,
    unheard: 'Сейчас некому это прочесть; обращение сохранено.',
    toOperator: (mark: string, payment: string, balance: string) =>
      `${mark}\nПлатёж: ${payment}\nБаланс: ${balance} ⭐\nОтветьте на это сообщение: я передам.`,
    noPayment: 'не выбран',
    wrote: (mark: string) => `${mark}\nЧеловек пишет:`,
    answer: (mark: string) => `${mark}\nОтвет оператора:`,
    sent: 'Передано.',
    gone: 'Этого обращения больше нет.',
  },
  setting: (stars: string) => `Спрашивать от ${stars} ⭐`,
  settingHelp:
    'Начиная с какой цены спрашивать перед началом? Всё, что дешевле, начинается сразу, а цена видна под ответом.',
}
