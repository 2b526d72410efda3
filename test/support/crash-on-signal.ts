/** @module Loaded by `node --import` before a role: SIGUSR2 makes it throw an error nobody catches, with a message full of content. */
process.on('SIGUSR2', () => {
  process.nextTick(() => {
    throw new Error(`cannot read ${process.env['CHRYSALIS_CRASH_WORDS'] ?? ''}`)
  })
})
