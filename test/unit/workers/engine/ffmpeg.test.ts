import { expect, test } from 'vitest'
import { ffmpegArguments } from '../../../../src/workers/engine/ffmpeg.ts'

test('ffmpeg may open nothing but its own file, in formats that cannot name another, and knows no name', () => {
  const line = ffmpegArguments(61).join(' ')

  expect(line).toBe(
    '-nostdin -hide_banner -loglevel error -protocol_whitelist file,pipe ' +
      '-format_whitelist ogg,mov,mp3,matroska,wav,flac,aac -i file:/proc/self/fd/3 -map 0:a:0 ' +
      '-vn -sn -dn -t 61 -ac 1 -ar 16000 -f f32le pipe:1',
  )
})
