import { expect, test } from 'vitest'
import { explain } from '../../../src/cli/explain.ts'
import { HALT_WORDS } from '../../../src/cli/halt-words.ts'
import { AppError } from '../../../src/core/app-error.ts'

test.each(Object.keys(HALT_WORDS))(
  'a settlement that %s stopped says that nobody is paid, why, and a command or setting to go on with',
  (reason) => {
    const sentence = explain(new AppError('settlement.halted', { reason }))

    expect(sentence).toMatch(/^Nobody is paid for now\. .{40}/)
    expect(sentence).toMatch(/\.\/chrysalis |tried again by itself/)
    expect(sentence.endsWith(`[settlement.halted; reason ${reason}]`)).toBe(true)
  },
)

test.each([{}, { reason: 'another.release' }, { reason: 'toString' }])(
  'a reason that is not known here (%o) still says where to look and how to go on',
  (details) => {
    expect(explain(new AppError('settlement.halted', details))).toContain(
      './chrysalis settle --resume',
    )
  },
)
