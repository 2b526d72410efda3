/** @module How long a recording plays, read from its container: Ogg Opus, WAV and MP3. */

/** Whole seconds, at least 1; `undefined` for formats not read here. */
export function durationOf(bytes: Uint8Array): number | undefined {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const magic = data.toString('latin1', 0, 4)
  if (magic === 'OggS') return seconds(oggSeconds(data))
  if (magic === 'RIFF') return seconds(wavSeconds(data))
  if (magic.startsWith('ID3') || data[0] === 0xff) return seconds(data.length / 16_000)
  return undefined
}

const seconds = (value: number): number => Math.max(1, Math.round(value))

/** The granule position of the last page counts 48 kHz samples (RFC 7845 §4). */
function oggSeconds(data: Buffer): number {
  const last = data.lastIndexOf('OggS')
  if (last < 0 || last + 14 > data.length) return 0
  return Number(data.readBigInt64LE(last + 6)) / 48_000
}

function wavSeconds(data: Buffer): number {
  if (data.length < 44) return 0
  const bytesPerSecond = data.readUInt32LE(28)
  return bytesPerSecond === 0 ? 0 : (data.length - 44) / bytesPerSecond
}
