/** @module Small numbers as words, so that `3 días` may become `three days`, and `elf Monate` may not become `10 months`. */
import { fold } from './fold.ts'
import type { Language } from './task.ts'

/** From 1 on: numbers parted by blanks, forms of one number by `/`. */
const WORDS: Readonly<Record<string, string>> = {
  en: 'one/first/once/a/an two/second/both/twice/couple/pair three/third/thrice four/fourth five/fifth six/sixth seven/seventh eight/eighth nine/ninth ten/tenth eleven/eleventh twelve/twelfth/dozen',
  es: 'uno/una/un/primero/primera/primer dos/segundo/segunda/ambos/ambas/par tres/tercero/tercera/tercer cuatro/cuarto/cuarta cinco/quinto/quinta seis/sexto/sexta siete/séptimo/séptima ocho/octavo/octava nueve/noveno/novena diez/décimo/décima once doce/docena',
  pt: 'um/uma/primeiro/primeira dois/duas/segundo/segunda/ambos/ambas/par três/terceiro/terceira quatro/quarto cinco/quinto seis/sexto sete/sétimo oito/oitavo nove/nono dez/décimo onze doze/dúzia',
  it: 'uno/una/un/primo/prima due/secondo/seconda/entrambi/paio tre/terzo/terza quattro/quarto/quarta cinque/quinto/quinta sei/sesto/sesta sette/settimo/settima otto/ottavo/ottava nove/nono/nona dieci/decimo/decima undici dodici/dozzina',
  fr: 'un/une/premier/première/1er deux/deuxième/second/seconde trois/troisième quatre/quatrième cinq/cinquième six/sixième sept/septième huit/huitième neuf/neuvième dix/dixième onze/onzième douze/douzième/douzaine',
  de: 'ein/eine/einen/einem/einer/eines/eins/erste/ersten/erster/einmal zwei/zweite/zweiten/beide/beiden/zweimal/paar drei/dritte/dritten/dreimal vier/vierte/vierten fünf/fünfte/fünften sechs/sechste/sechsten sieben/siebte/siebten acht/achte/achten neun/neunte/neunten zehn/zehnte/zehnten elf/elfte/elften zwölf/zwölfte/zwölften/dutzend',
  ru: 'один/одна/одно/одну/одной/одного/одному/первый/первая/первую/первого/первой два/две/двух/двум/двумя/двое/второй/вторая/вторую/второго/оба/обе/обоих/пара/пару три/трех/трём/трем/тремя/трое/третий/третья/третью/третьего четыре/четырех/четырем/четверо/четвертый/четвертая/четвертого пять/пяти/пятью/пятеро/пятый/пятая/пятого шесть/шести/шестью/шестой/шестая/шестого семь/семи/семью/седьмой/седьмая/седьмого восемь/восьми/восемью/восьмой/восьмого девять/девяти/девятью/девятый/девятого десять/десяти/десятью/десятый/десятого одиннадцать/одиннадцати двенадцать/двенадцати',
  uk: "один/одна/одне/одну/однієї/одного/перший/перша/першу/першого два/дві/двох/двом/двоє/другий/друга/другу/другого/обидва/обидві/пара/пару три/трьох/трьом/троє/третій/третя/третю/третього чотири/чотирьох/чотирьом/четвертий/четверта п'ять/п'яти/п'ятьох/п'ятий/п'ята шість/шести/шістьох/шостий/шоста сім/семи/сімох/сьомий/сьома вісім/восьми/вісьмох/восьмий/восьма дев'ять/дев'яти/дев'ятий десять/десяти/десятий одинадцять/одинадцяти дванадцять/дванадцяти",
  tr: 'bir/ilk/birinci iki/ikinci/çift/ikisi üç/üçüncü dört/dördüncü beş/beşinci altı/altıncı yedi/yedinci sekiz/sekizinci dokuz/dokuzuncu on/onuncu onbir oniki/düzine',
  ar: 'واحد/واحدة/أول/أولى/الأول/الأولى اثنان/اثنين/اثنتان/اثنتين/ثاني/ثانية/الثاني/الثانية/كلا ثلاثة/ثلاث/ثالث/الثالث/الثالثة أربعة/أربع/رابع/الرابع/الرابعة خمسة/خمس/خامس/الخامس/الخامسة ستة/ست/سادس/السادس/السادسة سبعة/سبع/سابع/السابع/السابعة ثمانية/ثماني/ثمان/ثامن/الثامن/الثامنة تسعة/تسع/تاسع/التاسع/التاسعة عشرة/عشر/عاشر/العاشر/العاشرة',
}
/** Forms that mean the number and nothing else: not `sei` (you are), `neuf` (new), `quarto` (room), ordinals, one and two. */
const SURE: Readonly<Record<string, string>> = {
  en: 'three four five six seven eight nine ten eleven twelve',
  es: 'tres cuatro cinco seis siete ocho nueve diez once doce',
  pt: 'três quatro cinco seis sete oito nove dez onze doze',
  it: 'tre quattro cinque sette otto nove dieci undici dodici',
  fr: 'trois quatre cinq six sept huit dix onze douze',
  de: 'drei vier fünf sechs sieben neun zehn elf zwölf',
  ru: 'три трех четыре четырех пять пяти шесть шести семь семи восемь восьми девять девяти десять десяти одиннадцать двенадцать',
  uk: "три трьох чотири чотирьох п'ять п'яти шість шести сім семи вісім восьми дев'ять дев'яти десять десяти одинадцять дванадцять",
  tr: 'üç dört beş sekiz dokuz',
  ar: 'ثلاثة أربعة خمسة سبعة ثمانية تسعة عشرة',
}

/** Chinese and Japanese figures stand inside other words; they count only before a measure or a point in time. */
const IDEOGRAPHS = '一二三四五六七八九十'
const MEASURED =
  /([一二两三四五六七八九十]{1,3})(?=[个個名位人次年月日天周週号點点時时分块塊元円件本匹枚台杯箱页頁章つか歳岁回度倍])/gu

/** Whether `findNumberWords` knows the language. */
export const hasNumberWords = (language: Language | undefined): boolean =>
  language === 'zh' ||
  language === 'ja' ||
  (language !== undefined && Object.hasOwn(WORDS, language))

export interface NumberWord {
  readonly value: number
  readonly text: string
  /** False for forms with another common meaning: they excuse, but never accuse. */
  readonly sure: boolean
}

/** Number words in `text`, in order of appearance. Empty for a language without a table. */
export function findNumberWords(
  text: string,
  language: Language | undefined,
): readonly NumberWord[] {
  if (language === 'zh' || language === 'ja') return ideographs(text)
  const table = language === undefined ? undefined : WORDS[language]
  if (table === undefined) return []
  const values = new Map<string, number>()
  for (const [index, forms] of table.split(' ').entries())
    for (const form of forms.split('/')) values.set(fold(form), index + 1)
  const sure = new Set(fold(SURE[language ?? ''] ?? '').split(' '))
  const found: NumberWord[] = []
  for (const match of fold(text).matchAll(/[\p{L}'][\p{L}\p{M}']*/gu)) {
    // Arabic words carry `and`, `in`, `for` in front.
    const bare = language === 'ar' ? values.get(match[0].slice(1)) : undefined
    const value = values.get(match[0]) ?? bare
    if (value !== undefined)
      found.push({
        value,
        text: text.slice(match.index, match.index + match[0].length),
        sure: sure.has(match[0]),
      })
  }
  return found
}

function ideographs(text: string): NumberWord[] {
  return [...text.matchAll(MEASURED)].map((match) => {
    const written = match[1] ?? ''
    const at = written.indexOf('十')
    if (at < 0) return { value: figure(written), text: written, sure: figure(written) > 2 }
    const tens = at === 0 ? 1 : figure(written.slice(0, at))
    // 十分 is also `very` and `enough`.
    const value = tens * 10 + figure(written.slice(at + 1))
    return { value, text: written, sure: value > 10 }
  })
}

const figure = (sign: string): number =>
  sign === '两' ? 2 : sign === '' ? 0 : IDEOGRAPHS.indexOf(sign) + 1
