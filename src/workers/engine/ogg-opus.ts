/** @module Voice notes: Ogg/Opus decoded in process by WebAssembly, so that they work without ffmpeg. */
import { OggOpusDecoder } from 'ogg-opus-decoder'

/** Bytes decoded at a time: about 8 s of a voice note, which blocks the event loop for some 100 ms. */
const FEED_BYTES = 16 * 1024

/** True for an Ogg stream whose first packet is Opus (RFC 7845 §5.1: the header stands in the first page, at byte 28). */
export function isOggOpus(bytes: Uint8Array): boolean {
  const text = (from: number, to: number) =>
    Buffer.from(bytes.subarray(from, to)).toString('latin1')
  return text(0, 4) === 'OggS' && text(28, 36) === 'OpusHead'
}

/** Mono 16 kHz samples of an Ogg/Opus stream; damaged pages are left out. */
export function decodeOggOpus(bytes: Uint8Array): {
  pieces: AsyncIterable<Float32Array>
  position: () => number
} {
  let at = 0
  async function* pieces(): AsyncGenerator<Float32Array> {
    // The option is there but not in the types.
    const options: { sampleRate: number } & ConstructorParameters<typeof OggOpusDecoder>[0] = {
      sampleRate: 16_000,
    }
    const decoder = new OggOpusDecoder(options)
    try {
      await decoder.ready
      while (at < bytes.length) {
        // Its type says that it answers at once; it is a promise.
        const decoded = await Promise.resolve(decoder.decode(bytes.subarray(at, at + FEED_BYTES)))
        at += FEED_BYTES
        const mono = toMono(decoded.channelData)
        if (mono.length > 0) yield mono
      }
      const rest = toMono((await decoder.flush()).channelData)
      if (rest.length > 0) yield rest
    } catch {
      // What was decoded before counts; nothing at all is found undecodable by the caller.
    } finally {
      decoder.free()
    }
  }
  return { pieces: pieces(), position: () => Math.min(1, at / Math.max(1, bytes.length)) }
}

function toMono(channels: readonly Float32Array[]): Float32Array {
  const [first, ...others] = channels
  if (first === undefined) return new Float32Array()
  if (others.length === 0) return first
  return first.map(
    (sample, at) =>
      others.reduce((sum, channel) => sum + (channel[at] ?? 0), sample) / channels.length,
  )
}
