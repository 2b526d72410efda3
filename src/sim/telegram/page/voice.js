// Recording by the browser: Opus in Ogg where it can, else in WebM (the simulator repacks that into Ogg).

const wanted = ['audio/ogg;codecs=opus', 'audio/webm;codecs=opus', 'audio/mp4']

export const canRecord = () =>
  typeof MediaRecorder !== 'undefined' && navigator.mediaDevices !== undefined

/** Starts recording; `show(level 0…1, seconds)` about 20 times a second. Gives {stop(): {blob, name, seconds}}. */
export async function startRecording(show) {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true })
  const mimeType = wanted.find((it) => MediaRecorder.isTypeSupported(it))
  const recorder = new MediaRecorder(stream, { mimeType, audioBitsPerSecond: 32_000 })
  const chunks = []
  recorder.addEventListener('dataavailable', (event) => chunks.push(event.data))
  const context = new AudioContext()
  const analyser = context.createAnalyser()
  context.createMediaStreamSource(stream).connect(analyser)
  const samples = new Float32Array(analyser.fftSize)
  const began = performance.now()
  const seconds = () => (performance.now() - began) / 1000
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples)
    const level = Math.sqrt(samples.reduce((sum, it) => sum + it * it, 0) / samples.length)
    show(level * 6, seconds())
  }, 50)
  recorder.start(500)
  return {
    stop: () =>
      new Promise((resolve) => {
        const length = seconds()
        recorder.addEventListener('stop', () => {
          clearInterval(timer)
          for (const track of stream.getTracks()) track.stop()
          void context.close()
          const type = recorder.mimeType.split(';')[0]
          resolve({
            blob: new Blob(chunks, { type }),
            name: `voice.${type.split('/')[1]}`,
            seconds: length,
          })
        })
        recorder.stop()
      }),
  }
}
