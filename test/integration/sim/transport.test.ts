import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { botCalls, type CallBot } from '../../support/bot-calls.ts'
import { TestSimulator, testToken } from '../../support/simulator.ts'

let sim: TestSimulator
let call: CallBot
let ann: number
/** Whether a client waits for updates now. */
const polled = () => sim.sim.mail.isPolled(sim.botId)
const port = () => Number(new URL(sim.base).port)

beforeEach(async () => {
  sim = await TestSimulator.start()
  call = botCalls(sim)
  ann = sim.person('Ann')
  await sim.say(ann, '/start')
})
afterEach(() => sim.close())

describe('parameters', () => {
  const url = (method: string) => `${sim.base}/bot${testToken}/${method}`

  test.each([
    { way: 'a query', send: () => fetch(`${url('sendMessage')}?chat_id=${ann}&text=hello`) },
    {
      way: 'a form',
      send: () =>
        fetch(url('sendMessage'), {
          method: 'POST',
          body: new URLSearchParams({ chat_id: `${ann}`, text: 'hello' }),
        }),
    },
    {
      way: 'the test path and any case',
      send: () => fetch(`${url('test/SENDMESSAGE')}?chat_id=${ann}&text=hello`),
    },
  ])('come by $way', async ({ send }) => {
    expect(await (await send()).json()).toMatchObject({ ok: true, result: { text: 'hello' } })
  })

  test('nested values come as JSON in strings too', async () => {
    const body = new URLSearchParams({
      chat_id: `${ann}`,
      text: 'hello',
      reply_markup: JSON.stringify({ inline_keyboard: [[{ text: 'a', callback_data: 'b' }]] }),
    })

    const answer: unknown = await (await fetch(url('sendMessage'), { method: 'POST', body })).json()

    expect(answer).toMatchObject({
      result: { reply_markup: { inline_keyboard: [[{ text: 'a', callback_data: 'b' }]] } },
    })
  })

  test('broken JSON and a broken multipart body are 400', async () => {
    const json = await fetch(url('sendMessage'), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"a',
    })
    const form = await fetch(url('sendMessage'), {
      method: 'POST',
      headers: { 'content-type': 'multipart/form-data; boundary=x' },
      body: '--x\r\nnonsense',
    })

    expect([json.status, form.status]).toEqual([400, 400])
  })
})

describe('tokens', () => {
  test('a malformed and an unknown one are told apart', async () => {
    expect(await botCalls(sim, 'nonsense')('getMe')).toMatchObject({
      status: 401,
      description: 'Unauthorized: invalid token specified',
    })
    expect(await botCalls(sim, '1:abcdefghijklm')('getMe')).toMatchObject({
      status: 401,
      description: 'Unauthorized',
    })
  })

  test('two bots share the world but not their updates', async () => {
    const token = '7700000002:another-token-of-another-bot-0000'
    await sim.post('bots', { token, username: 'other_bot', name: 'Other' })
    const other = botCalls(sim, token)

    await sim.say(ann, 'for the first')

    expect(await other('getUpdates')).toMatchObject({ result: [] })
    expect(await call('getUpdates')).toMatchObject({
      result: [{ message: { text: '/start' } }, { message: { text: 'for the first' } }],
    })
  })
})

describe('long poll', () => {
  test('waits, wakes by an update, and confirms by offset', async () => {
    const first = (await call('getUpdates')).result as { update_id: number }[]
    const offset = (first[0]?.update_id ?? 0) + 1
    const waiting = call('getUpdates', { offset, timeout: 50 })

    await sim.say(ann, 'wake up')

    expect((await waiting).result).toMatchObject([
      { update_id: offset, message: { text: 'wake up' } },
    ])
    expect((await call('getUpdates', { offset })).result).toHaveLength(1)
    expect((await call('getUpdates', { offset: offset + 1 })).result).toEqual([])
  })

  test('a negative offset keeps the last ones; a limit bounds the batch', async () => {
    await sim.say(ann, 'two')
    await sim.say(ann, 'three')

    expect((await call('getUpdates', { limit: 2 })).result).toHaveLength(2)
    expect((await call('getUpdates', { offset: -1 })).result).toMatchObject([
      { message: { text: 'three' } },
    ])
    expect((await call('getUpdates')).result).toHaveLength(1)
  })

  test('a second poller ends the first with 409', async () => {
    const offset = -1
    await call('getUpdates', { offset })
    const last =
      ((await call('getUpdates')).result as { update_id: number }[]).at(-1)?.update_id ?? 0
    const first = call('getUpdates', { offset: last + 1, timeout: 50 })
    await expect.poll(polled).toBe(true)
    const second = call('getUpdates', { offset: last + 1, timeout: 50 })

    expect(await first).toMatchObject({
      status: 409,
      description:
        'Conflict: terminated by other getUpdates request; make sure that only one bot instance is running',
    })
    await sim.say(ann, 'for the second')
    expect((await second).result).toMatchObject([{ message: { text: 'for the second' } }])
  })

  test('a bot counts as running while it polls', async () => {
    const running = async () => (await sim.get<{ connected: boolean }[]>('presence'))[0]?.connected

    expect(await running()).toBe(false)
    await call('getUpdates')
    expect(await running()).toBe(true)
  })

  test('a poller that hangs up loses nothing', async () => {
    const last =
      ((await call('getUpdates')).result as { update_id: number }[]).at(-1)?.update_id ?? 0
    const leaving = new AbortController()
    const poll = fetch(`${sim.base}/bot${testToken}/getUpdates?timeout=50&offset=${last + 1}`, {
      signal: leaving.signal,
    })
    await expect.poll(polled).toBe(true)
    leaving.abort()
    await expect(poll).rejects.toThrow('aborted')

    await sim.say(ann, 'still here')

    expect((await call('getUpdates', { offset: last + 1 })).result).toMatchObject([
      { message: { text: 'still here' } },
    ])
  })

  test('allowed_updates stick until they are named again', async () => {
    await call('getUpdates', { allowed_updates: ['callback_query'], offset: -1 })
    await sim.say(ann, 'unseen')
    await call('getUpdates', { allowed_updates: ['message'] })
    await sim.say(ann, 'seen')

    const texts = ((await call('getUpdates')).result as { message: { text: string } }[]).map(
      (it) => it.message.text,
    )
    expect(texts).toEqual(['/start', 'seen'])
  })

  test('updates are lost after 24 hours, presses after 150 seconds', async () => {
    const { result } = await call('sendMessage', {
      chat_id: ann,
      text: 'x',
      reply_markup: { inline_keyboard: [[{ text: 'a', callback_data: 'a' }]] },
    })
    await sim.press(ann, (result as { message_id: number }).message_id, { data: 'a' })

    await sim.advance(151_000)
    expect((await call('getUpdates')).result).toMatchObject([{ message: { text: '/start' } }])
    await sim.advance(86_400_000)
    expect((await call('getUpdates')).result).toEqual([])
  })

  test('an idle bot makes no more calls than its timeout asks for', async () => {
    const last =
      ((await call('getUpdates')).result as { update_id: number }[]).at(-1)?.update_id ?? 0
    const started = performance.now()

    await call('getUpdates', { offset: last + 1, timeout: 1 })

    expect(performance.now() - started).toBeGreaterThan(900)
  })
})

describe('downloads', () => {
  async function upload(): Promise<{ file_path: string; file_size: number }> {
    await sim.sendFile(ann, 'document', { bytes: Buffer.from('0123456789'), name: 'ten.txt' })
    const updates = (await call('getUpdates')).result as {
      message: { document?: { file_id: string } }
    }[]
    const file_id = updates.at(-1)?.message.document?.file_id
    return (await call('getFile', { file_id })).result as { file_path: string; file_size: number }
  }

  test('a link serves the file and ranges of it for an hour', async () => {
    const { file_path, file_size } = await upload()
    const url = `${sim.base}/file/bot${testToken}/${file_path}`

    expect(file_size).toBe(10)
    expect(await (await fetch(url)).text()).toBe('0123456789')
    const part = await fetch(url, { headers: { range: 'bytes=2-4' } })
    expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([
      206,
      'bytes 2-4/10',
      '234',
    ])
    expect((await fetch(url, { headers: { range: 'bytes=99-' } })).status).toBe(416)
    await sim.advance(3_600_001)
    expect((await fetch(url)).status).toBe(404)
  })

  test('a foreign token gets nothing', async () => {
    const { file_path } = await upload()

    expect((await fetch(`${sim.base}/file/bot1:wrong-token-0/${file_path}`)).status).toBe(404)
  })

  test('a page sent as a file is offered for saving and cannot run', async () => {
    await sim.sendFile(ann, 'document', {
      bytes: Buffer.from('<script>alert(1)</script>'),
      name: 'x.html',
      type: 'text/html',
    })
    const url = (await sim.messages(ann)).at(-1)?.documents[0]?.url ?? ''

    const { headers } = await fetch(url)

    expect(headers.get('content-disposition')).toMatch(/^attachment/)
    expect(headers.get('content-security-policy')).toContain('sandbox')
  })
})

describe('faults on order', () => {
  const send = () => call('sendMessage', { chat_id: ann, text: 'x' })

  test('429 with the time to wait, as often as ordered', async () => {
    await sim.fault({ method: 'sendMessage', error_code: 429, retry_after: 7, times: 2 })

    expect(await send()).toMatchObject({ status: 429, parameters: { retry_after: 7 } })
    expect(await send()).toMatchObject({ status: 429 })
    expect(await send()).toMatchObject({ ok: true })
  })

  test('a lost answer has its effect, a lost request has none', async () => {
    await sim.fault({ method: 'sendMessage', kind: 'close-before' })
    await expect(send()).rejects.toThrow('fetch failed')
    expect((await sim.messages(ann)).filter((it) => it.from_bot)).toHaveLength(0)

    await sim.fault({ method: 'sendMessage', kind: 'close-after' })
    await expect(send()).rejects.toThrow('fetch failed')
    expect((await sim.messages(ann)).filter((it) => it.from_bot)).toHaveLength(1)
  })

  test('502 with HTML, and only for the chat named', async () => {
    const bob = sim.person('Bob')
    await sim.say(bob, '/start')
    await sim.fault({ method: 'sendMessage', kind: 'html', error_code: 502, chat: String(ann) })

    expect(await call('sendMessage', { chat_id: bob, text: 'x' })).toMatchObject({ ok: true })
    await expect(send()).rejects.toThrow('JSON')
  })

  test('an update twice, and updates out of order', async () => {
    await sim.say(ann, 'second')
    await sim.fault({ method: 'getUpdates', kind: 'duplicate-update' })
    await sim.fault({ method: 'getUpdates', kind: 'reorder-updates' })
    const ids = async () =>
      ((await call('getUpdates')).result as { update_id: number }[]).map((it) => it.update_id)

    const [a = 0, b = 0, again] = await ids()
    expect(again).toBe(a)
    expect(await ids()).toEqual([b, a])
  })
})

describe('who may come in', () => {
  /** `fetch` would not let a test set Host and Origin. */
  const raw = (headers: Record<string, string>, path = '/sim/world', method = 'GET') =>
    new Promise<number>((resolve, reject) => {
      httpRequest({ port: port(), host: '127.0.0.1', path, method, headers }, (response) => {
        response.resume()
        resolve(response.statusCode ?? 0)
      })
        .on('error', reject)
        .end()
    })

  test('this machine by its names, with the page’s own origin', async () => {
    expect(await raw({ host: `localhost:${port()}` })).toBe(200)
    expect(await raw({ host: `127.0.0.1:${port()}`, origin: sim.base })).toBe(200)
  })

  test('no foreign host name, so a rebound DNS name reads nothing', async () => {
    expect(await raw({ host: `evil.example:${port()}` })).toBe(403)
    expect(await raw({ host: 'evil.example' }, '/')).toBe(403)
  })

  test('no other site’s page, neither for the chat nor for the bot', async () => {
    expect(
      await raw(
        { host: `127.0.0.1:${port()}`, origin: 'https://evil.example' },
        '/sim/users',
        'POST',
      ),
    ).toBe(403)
    expect(
      await raw({ host: `127.0.0.1:${port()}`, origin: 'null' }, `/bot${testToken}/getMe`),
    ).toBe(403)
    expect(
      await raw({
        host: `127.0.0.1:${port()}`,
        'sec-fetch-site': 'cross-site',
        'sec-fetch-mode': 'no-cors',
      }),
    ).toBe(403)
  })

  test('nothing that is not HTTP, and no path out of the page’s folder', async () => {
    const socket = connect(port(), '127.0.0.1')
    const ended = new Promise((resolve) => socket.on('close', resolve))
    socket.resume()
    socket.end('\x00nonsense\r\n\r\n')
    await ended

    for (const path of [
      '/page/../server.ts',
      '/page/%2e%2e/server.ts',
      '/page/app.ts',
      '/server.ts',
    ]) {
      expect(await raw({ host: `127.0.0.1:${port()}` }, path)).toBe(404)
    }
  })

  test('the page allows only its own resources', async () => {
    const response = await fetch(sim.base)

    expect(response.headers.get('content-security-policy')).toMatch(/^default-src 'self';/)
    expect(await response.text()).not.toMatch(/https?:\/\/|<script>|<style>|\son[a-z]+=/)
  })
})
