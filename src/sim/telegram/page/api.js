// The admin side of the simulator, over HTTP, and its live events.

export async function get(path) {
  return read(await fetch(`/sim/${path}`))
}

export async function post(path, body = {}) {
  return read(
    await fetch(`/sim/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  )
}

/** Sends a file part together with other fields. */
export async function upload(kind, file, name, fields) {
  const form = new FormData()
  for (const [key, value] of Object.entries(fields)) {
    if (value !== undefined && value !== null) form.set(key, String(value))
  }
  form.set(kind, file, name)
  return read(await fetch('/sim/messages', { method: 'POST', body: form }))
}

async function read(response) {
  const value = await response.json().catch(() => ({}))
  if (!response.ok) throw new Error(value.error ?? value.description ?? `error ${response.status}`)
  return value
}

/** Calls `hear` for each event; `onOpen` at every (re)connection, when things may have been missed. */
export function listen(hear, onOpen, onLost) {
  const source = new EventSource('/sim/events')
  source.onopen = onOpen
  source.onerror = onLost
  source.onmessage = (message) => hear(JSON.parse(message.data))
}
