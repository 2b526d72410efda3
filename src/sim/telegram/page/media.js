// Files in messages: players, cards and pictures.
import { h, icon } from './dom.js'

const fileUrl = (it) => `/sim/files/${it.file_id}`

export function sizeText(bytes = 0) {
  if (bytes < 1024) return `${bytes} B`
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(bytes < 10_240 ? 1 : 0)} KB`
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`
}

export function timeText(seconds = 0) {
  const whole = Math.max(0, Math.round(seconds))
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`
}

export function fileCard(it) {
  const name = it.file_name ?? 'file'
  return h(
    'a',
    { class: 'file-card', href: fileUrl(it), download: name },
    h(
      'span',
      { class: 'file-icon' },
      icon('file', 22),
      h('span', { class: 'ending' }, ending(name)),
    ),
    h(
      'span',
      { class: 'file-words' },
      h('span', { class: 'file-name' }, name),
      h('span', { class: 'file-size' }, `${sizeText(it.file_size)} · Download`),
    ),
  )
}

const ending = (name) => (name.includes('.') ? name.split('.').at(-1).slice(0, 4) : '')

export function photoView(sizes) {
  const biggest = sizes.at(-1)
  return h('img', { class: 'photo', src: fileUrl(biggest), alt: 'Photo', loading: 'lazy' })
}

export function videoView(it, round) {
  return h('video', {
    class: round ? 'video round' : 'video',
    src: fileUrl(it),
    controls: true,
    preload: 'metadata',
  })
}

const bars = 44
/** file_id → heights 0…1, measured from the sound itself. */
const measured = new Map()

/** A player with the sound's real loudness as a picture; a plain line when it cannot be decoded. */
export function audioPlayer(it, kind) {
  const audio = h('audio', { src: fileUrl(it), preload: 'none' })
  const button = h(
    'button',
    { type: 'button', class: 'play', 'aria-label': 'Play' },
    icon('play', 20),
  )
  const time = h('span', { class: 'time' }, timeText(it.duration))
  const wave = h('span', { class: 'wave', 'aria-hidden': 'true' })
  const seek = h('input', {
    type: 'range',
    min: 0,
    max: 1000,
    value: 0,
    class: 'seek',
    'aria-label': 'Position',
  })
  const length = () =>
    Number.isFinite(audio.duration) && audio.duration > 0 ? audio.duration : it.duration
  const show = () => {
    const part = length() > 0 ? audio.currentTime / length() : 0
    seek.value = String(Math.round(part * 1000))
    for (const [at, bar] of [...wave.children].entries())
      bar.classList.toggle('done', (at + 0.5) / bars <= part)
    time.textContent =
      audio.currentTime > 0
        ? `${timeText(audio.currentTime)} / ${timeText(length())}`
        : timeText(length())
  }
  const face = () => {
    button.replaceChildren(icon(audio.paused ? 'play' : 'pause', 20))
    button.setAttribute('aria-label', audio.paused ? 'Play' : 'Pause')
  }
  button.addEventListener('click', () => {
    for (const other of document.querySelectorAll('audio')) if (other !== audio) other.pause()
    if (audio.paused) void audio.play().catch(() => {})
    else audio.pause()
  })
  for (const name of ['play', 'pause', 'ended']) audio.addEventListener(name, face)
  for (const name of ['timeupdate', 'loadedmetadata', 'ended']) audio.addEventListener(name, show)
  seek.addEventListener('input', () => {
    audio.currentTime = (Number(seek.value) / 1000) * length()
    show()
  })
  drawWave(wave, [])
  void measure(it).then((heights) => drawWave(wave, heights))
  const title = kind === 'audio' ? (it.title ?? it.file_name ?? 'Audio') : undefined
  return h(
    'div',
    { class: `player ${kind}` },
    audio,
    button,
    h(
      'div',
      { class: 'track' },
      title && h('span', { class: 'title' }, title),
      h('div', { class: 'wave-box' }, wave, seek),
      h(
        'div',
        { class: 'track-foot' },
        time,
        h(
          'a',
          { href: fileUrl(it), download: it.file_name ?? 'voice.ogg', 'aria-label': 'Download' },
          icon('down', 15),
        ),
      ),
    ),
  )
}

function drawWave(wave, heights) {
  wave.replaceChildren()
  for (let at = 0; at < bars; at += 1) {
    const bar = document.createElement('i')
    bar.style.height = `${Math.round(3 + 23 * (heights[at] ?? 0))}px`
    wave.append(bar)
  }
}

async function measure(it) {
  if (measured.has(it.file_id)) return measured.get(it.file_id)
  if ((it.file_size ?? 0) > 3_000_000) return []
  try {
    const bytes = await (await fetch(fileUrl(it))).arrayBuffer()
    const context = new OfflineAudioContext(1, 1, 16_000)
    const samples = (await context.decodeAudioData(bytes)).getChannelData(0)
    const step = Math.max(1, Math.floor(samples.length / bars))
    const peaks = Array.from({ length: bars }, (_, at) => loudness(samples, at * step, step))
    const top = Math.max(...peaks, 0.01)
    const heights = peaks.map((peak) => peak / top)
    measured.set(it.file_id, heights)
    return heights
  } catch {
    return []
  }
}

function loudness(samples, start, length) {
  let sum = 0
  let count = 0
  for (let at = start; at < start + length && at < samples.length; at += 8) {
    sum += samples[at] ** 2
    count += 1
  }
  return Math.sqrt(sum / Math.max(1, count))
}
