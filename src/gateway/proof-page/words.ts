/** @module The page's own words, in each of its languages. */

export interface Words {
  readonly name: string
  readonly title: string
  readonly simulated: string
  readonly headline: {
    readonly proven: (count: number) => string
    readonly asserted: (count: number) => string
    readonly 'not-checked': (count: number) => string
    readonly refuted: (count: number) => string
  }
  readonly failed: string
  readonly facts: {
    readonly model: string
    readonly task: string
    readonly tier: string
    readonly units: string
    readonly time: string
    readonly worker: string
  }
  readonly tiers: Readonly<Record<string, string>>
  readonly tasks: Readonly<Record<string, string>>
  readonly tokens: (read: number, written: number) => string
  readonly seconds: (count: number) => string
  readonly picture: string
  readonly pictureSays: string
  readonly nodes: {
    readonly answer: string
    readonly receipt: string
    readonly key: string
    readonly machine: string
    readonly maker: string
    readonly program: string
    readonly model: string
    readonly gateway: string
  }
  readonly paste: {
    readonly title: string
    readonly hint: string
    readonly label: string
    readonly compare: string
    readonly rest: string
  }
  readonly checks: string
  readonly vouches: string
  readonly codes: string
  readonly limits: string
  readonly save: string
  readonly open: {
    readonly title: string
    readonly hint: string
    readonly choose: string
    readonly link: string
    readonly go: string
  }
  readonly loading: string
  readonly trouble: {
    readonly link: string
    readonly unknown: string
    readonly running: string
    readonly network: string
    readonly file: string
    readonly browser: string
  }
  readonly origin: {
    readonly served: (host: string) => string
    readonly hash: string
    readonly compare: string
  }
}

export const WORDS_EN: Words = {
  name: 'English',
  title: 'Proof of an answer',
  simulated: 'Test network: nothing here is proven. The machine is simulated.',
  headline: {
    proven: (count) => `${String(count)} proven`,
    asserted: (count) => `${String(count)} asserted`,
    'not-checked': (count) => `${String(count)} not checked`,
    refuted: (count) => `${String(count)} refuted`,
  },
  failed: 'This proof does not hold.',
  facts: {
    model: 'Model',
    task: 'Task',
    tier: 'Protection',
    units: 'Work',
    time: 'Time',
    worker: 'Worker',
  },
  tiers: {
    simulated: '⚠ test: simulated, proves nothing',
    'cpu-tee': '🔒 confidential CPU',
    'gpu-tee': '🔒 confidential GPU',
  },
  tasks: { translate: 'Translation', summarize: 'Summary', transcribe: 'Voice to text' },
  tokens: (read, written) => `${String(read)} tokens read, ${String(written)} written`,
  seconds: (count) => `${String(count)} s of sound`,
  picture: 'The chain of trust',
  pictureSays: 'A picture of the checks below: each box is held by the one under it.',
  nodes: {
    answer: 'The answer you read',
    receipt: 'Receipt',
    key: 'Key made in the machine',
    machine: 'The machine’s quote',
    maker: 'Its maker',
    program: 'List of programs',
    model: 'Model weights',
    gateway: 'Gateway’s note',
  },
  paste: {
    title: 'Is this the answer you read?',
    hint: 'Copy the answer from the chat and paste it here. The text stays on this device.',
    label: 'The answer, as you read it',
    compare: 'Compare',
    rest: 'Not part of the answer, and not covered:',
  },
  checks: 'The eleven checks',
  vouches: 'Who vouches',
  codes: 'Codes',
  limits: 'What this does not prove',
  save: 'Save the proof',
  open: {
    title: 'Another proof',
    hint: 'Drop a proof.json here, or choose one. It is read on this device.',
    choose: 'Choose a file',
    link: 'or paste the proof link',
    go: 'Open',
  },
  loading: 'Checking …',
  trouble: {
    link: 'This link is not complete. Open it from the Proof button, or choose a proof.json.',
    unknown: 'There is no receipt for this link here: it is too old, or the link is wrong.',
    running: 'The answer is still being made. Try again in a moment.',
    network: 'The gateway did not answer. A saved proof.json can be checked without it.',
    file: 'This file is not a proof.',
    browser:
      'This browser is too old to check signatures (Chrome 137, Firefox 129 or Safari 17 can). Without that nothing is shown as proven.',
  },
  origin: {
    served: (host) => `Served by ${host}.`,
    hash: 'SHA-256 of the page’s files:',
    compare: 'Compare it with the release’s list, or open your own copy of the page.',
  },
}

const plural = (count: number, forms: readonly [string, string, string]): string => {
  const rule = new Intl.PluralRules('ru').select(count)
  return forms[rule === 'one' ? 0 : rule === 'few' ? 1 : 2]
}

export const WORDS_RU: Words = {
  name: 'Русский',
  title: 'Доказательство ответа',
  simulated: 'Тестовая сеть: здесь ничего не доказано. Машина имитируется.',
  headline: {
    proven: (count) => `${String(count)} ${plural(count, ['доказана', 'доказаны', 'доказано'])}`,
    asserted: (count) => `${String(count)} со слов`,
    'not-checked': (count) =>
      `${String(count)} ${plural(count, ['не проверена', 'не проверены', 'не проверено'])}`,
    refuted: (count) =>
      `${String(count)} ${plural(count, ['опровергнута', 'опровергнуты', 'опровергнуто'])}`,
  },
  failed: 'Это доказательство неверно.',
  facts: {
    model: 'Модель',
    task: 'Задача',
    tier: 'Защита',
    units: 'Работа',
    time: 'Время',
    worker: 'Исполнитель',
  },
  tiers: {
    simulated: '⚠ тест: имитация, ничего не доказывает',
    'cpu-tee': '🔒 защищённый процессор',
    'gpu-tee': '🔒 защищённый ГП',
  },
  tasks: { translate: 'Перевод', summarize: 'Краткий пересказ', transcribe: 'Голос в текст' },
  tokens: (read, written) => `токенов прочитано ${String(read)}, написано ${String(written)}`,
  seconds: (count) => `${String(count)} с звука`,
  picture: 'Цепочка доверия',
  pictureSays: 'Картинка к проверкам ниже: каждый блок держится на том, что под ним.',
  nodes: {
    answer: 'Прочитанный ответ',
    receipt: 'Расписка',
    key: 'Ключ, созданный в машине',
    machine: 'Свидетельство машины',
    maker: 'Её изготовитель',
    program: 'Список программ',
    model: 'Веса модели',
    gateway: 'Пометка шлюза',
  },
  paste: {
    title: 'Это тот ответ, который вы прочитали?',
    hint: 'Скопируйте ответ из чата и вставьте сюда. Текст не покидает это устройство.',
    label: 'Ответ, как вы его прочитали',
    compare: 'Сравнить',
    rest: 'Не часть ответа и не проверено:',
  },
  checks: 'Одиннадцать проверок',
  vouches: 'Кто ручается',
  codes: 'Коды',
  limits: 'Чего это не доказывает',
  save: 'Сохранить доказательство',
  open: {
    title: 'Другое доказательство',
    hint: 'Перетащите сюда proof.json или выберите его. Он читается на этом устройстве.',
    choose: 'Выбрать файл',
    link: 'или вставьте ссылку доказательства',
    go: 'Открыть',
  },
  loading: 'Проверяем …',
  trouble: {
    link: 'Ссылка неполная. Откройте её кнопкой «Доказательство» или выберите proof.json.',
    unknown: 'Для этой ссылки здесь нет расписки: она слишком старая, или ссылка неверна.',
    running: 'Ответ ещё готовится. Попробуйте чуть позже.',
    network: 'Шлюз не ответил. Сохранённый proof.json можно проверить и без него.',
    file: 'Этот файл не доказательство.',
    browser:
      'Этот браузер слишком старый, чтобы проверять подписи (подойдут Chrome 137, Firefox 129, Safari 17). Без этого ничего не показано как доказанное.',
  },
  origin: {
    served: (host) => `Страницу отдал ${host}.`,
    hash: 'SHA-256 файлов страницы:',
    compare: 'Сравните со списком выпуска или откройте свою копию страницы.',
  },
}
