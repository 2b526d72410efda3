/** @module Plural forms by the rules of the language, so that no text says "1 requests". */

/** Forms of CLDR; `#` stands for the number. `other` is used where a form is missing. */
export interface Forms {
  readonly one: string
  readonly few?: string
  readonly many?: string
  readonly other: string
}

/** A function that picks the form for a number and puts the number in, grouped as the language does. */
export function plural(locale: string): (count: number, forms: Forms) => string {
  const rules = new Intl.PluralRules(locale)
  const numbers = new Intl.NumberFormat(locale)
  return (count, forms) => {
    const category = rules.select(count)
    const form =
      category === 'one' || category === 'few' || category === 'many' ? forms[category] : undefined
    return (form ?? forms.other).replaceAll('#', numbers.format(count))
  }
}
