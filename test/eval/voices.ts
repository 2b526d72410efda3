/** @module Human voices with a known text that packages of this machine bring along; what is not installed is skipped by name. */
import { existsSync, readFileSync } from 'node:fs'

export interface Voice {
  readonly clip: string
  readonly path: string
  readonly reference: string
}

const JFK =
  'And so, my fellow Americans, ask not what your country can do for you, ask what you can do for your country.'
const LIBRIVOX = '/usr/share/pocketsphinx/test/data/librivox'

/** Clips whose files exist, and the names of those that are missing. */
export function findVoices(): {
  readonly voices: readonly Voice[]
  readonly missing: readonly string[]
} {
  const jfk = new URL(
    '../../node_modules/nodejs-whisper/cpp/whisper.cpp/bindings/go/samples/jfk.wav',
    import.meta.url,
  ).pathname
  const all = [{ clip: 'jfk', path: jfk, reference: JFK }, ...librivox()]
  return {
    voices: all.filter(({ path }) => existsSync(path)),
    missing: [
      ...all.filter(({ path }) => !existsSync(path)).map(({ clip }) => clip),
      ...(existsSync(LIBRIVOX) ? [] : ['librivox (Debian package pocketsphinx-testdata)']),
    ],
  }
}

/** Lines of `transcription`: `<s> words </s> (clip name)`. */
function librivox(): Voice[] {
  if (!existsSync(`${LIBRIVOX}/transcription`)) return []
  const voices: Voice[] = []
  for (const line of readFileSync(`${LIBRIVOX}/transcription`, 'utf8').split('\n')) {
    const match = /^(?:<s>)?\s*(?<words>.*?)\s*(?:<\/s>)?\s*\((?<name>[^)]+)\)\s*$/u.exec(line)
    const { words = '', name = '' } = match?.groups ?? {}
    if (name !== '')
      voices.push({
        clip: `librivox ${name.split('-').at(-1)}`,
        path: `${LIBRIVOX}/${name}.wav`,
        reference: words,
      })
  }
  return voices
}
