/** @module What happened, for the page: every listener hears every event; nothing is kept. */

export interface SimEvent {
  readonly type: string
  readonly [field: string]: unknown
}

export interface Events {
  send(event: SimEvent): void
  /** Returns the function that ends the listening. */
  listen(hear: (event: SimEvent) => void): () => void
}

export function createEvents(): Events {
  const listeners = new Set<(event: SimEvent) => void>()
  return {
    send: (event) => {
      for (const hear of listeners) hear(event)
    },
    listen: (hear) => {
      listeners.add(hear)
      return () => listeners.delete(hear)
    },
  }
}
