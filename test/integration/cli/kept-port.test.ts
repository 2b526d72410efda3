import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { keptPort } from '../../../src/cli/kept-port.ts'

function dataFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'chrysalis-port-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

/** A port that was given by the system just now, and a server that has it until `close`. */
async function taken(): Promise<{ port: number; close: () => Promise<void> }> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  let isOpen = true
  const close = async () => {
    if (!isOpen) return
    isOpen = false
    await new Promise((resolve) => server.close(resolve))
  }
  onTestFinished(close)
  return { port: address.port, close }
}

test('the first start takes any port, a later one the same', async () => {
  const folder = dataFolder()
  const { port, close } = await taken()
  await close()

  const first = await keptPort(folder, 'gateway')
  first.keep(port)

  expect(first.wanted).toBe(0)
  expect((await keptPort(folder, 'gateway')).wanted).toBe(port)
  expect((await keptPort(folder, 'explorer')).wanted).toBe(0)
})

test('a port that another program has now, and a file of nonsense, mean any port', async () => {
  const folder = dataFolder()
  const { port } = await taken()
  ;(await keptPort(folder, 'gateway')).keep(port)
  writeFileSync(join(folder, 'explorer.port'), '80; rm -rf /')

  expect((await keptPort(folder, 'gateway')).wanted).toBe(0)
  expect((await keptPort(folder, 'explorer')).wanted).toBe(0)
})
