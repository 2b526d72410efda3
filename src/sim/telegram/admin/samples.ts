/** @module A recording of a human voice that a newcomer can send with one click, where an installed package brings one. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { storeFile } from '../files.ts'
import { write } from '../incoming.ts'
import { badRequest } from '../refusal.ts'
import { type AdminCall, personNamed, type Route, roomNamed } from './call.ts'

/** Public domain; comes with the sources of whisper.cpp that a package for tests carries. */
const recording = {
  title: 'John F. Kennedy, 1961',
  name: 'kennedy-1961.wav',
  file: fileURLToPath(
    new URL(
      '../../../../node_modules/nodejs-whisper/cpp/whisper.cpp/bindings/go/samples/jfk.wav',
      import.meta.url,
    ),
  ),
}

/** What the page offers: the recording's title, or null where it is not installed. */
export const sampleFacts = (): { readonly recording: string | null } => ({
  recording: existsSync(recording.file) ? recording.title : null,
})

/** Sends the recording as an audio file of a person. */
async function sendRecording(call: AdminCall): Promise<unknown> {
  const { sim } = call
  const room = roomNamed(call, 'chat')
  const from = personNamed(call, 'from')
  if (sampleFacts().recording === null) throw badRequest('the sample recording is not installed')
  const bytes = await readFile(recording.file)
  const file = storeFile(sim, { kind: 'audio', name: recording.name, type: 'audio/wav', bytes })
  const facts = { duration: undefined, title: recording.title }
  const { message } = write(sim, room, { from, media: { kind: 'audio', file, facts } })
  return { message_id: message.message_id }
}

export const sampleRoutes: readonly Route[] = [
  { verb: 'POST', pattern: /^\/sim\/samples\/recording$/, run: sendRecording },
]
