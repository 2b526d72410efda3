import { expect, test } from 'vitest'
import { lostWords, settleWords } from '../../../src/cli/settle-words.ts'

const paid = { batches: 1, payees: 1, paidNano: '1500000000', feesNano: '2000000' }
const nobody = { batches: 0, payees: 0, paidNano: '0', feesNano: '0' }

test('a settle says what it paid, and that nobody was due', () => {
  expect(settleWords(paid, { isDry: false })).toHaveLength(1)
  expect(settleWords(paid, { isDry: false })[0]).toMatch(/^Paid 1\.5.* to 1 payee in 1 batch, for/)
  expect(settleWords(paid, { isDry: true })[0]).toMatch(/^Would pay 1\.5/)
  expect(settleWords(nobody, { isDry: false })).toEqual(['Nobody is due.'])
})

test('a vault that has too little is named with the words "fund the vault", and nobody is said to be paid', () => {
  const words = settleWords({ ...nobody, why: 'funds' }, { isDry: false, vault: '0:ab' })

  expect(words[0]).toBe('Nobody was paid.')
  expect(words[1]).toMatch(/^Fund the vault: .*0:ab/)
})

test('a cap is no lack of money', () => {
  const words = settleWords({ ...paid, why: 'cap' }, { isDry: false })

  expect(words).toHaveLength(2)
  expect(words[1]).not.toMatch(/fund/i)
})

test('lost pay is shown payee by payee with what is known, signed and missing, and what honouring books', () => {
  const [head, first, second, last] = lostWords([
    { payee: 'ab', knownNano: '1', signedNano: '3', missingNano: '2', by: 'voucher' },
    { payee: 'cd', knownNano: '0', signedNano: '5', missingNano: '5', by: 'vault' },
  ])

  expect(head).toMatch(/^2 payees have/)
  expect(first).toMatch(/^0:ab .*known 0\.000000001 .*signed 0\.000000003 .*missing 0\.000000002 /)
  expect(second).toMatch(/^0:cd .*paid out by the vault/)
  expect(last).toMatch(/^Honouring books 0\.000000007 /)
})
