// Before files are sent: as what, and with which words.
import { upload } from './api.js'
import { field, openDialog } from './dialog.js'
import { h, icon, toast } from './dom.js'
import { sizeText } from './media.js'
import { chatParam, state } from './state.js'

const kindsFor = (type) => {
  if (type.startsWith('audio/')) return ['audio', 'voice', 'document']
  if (type.startsWith('video/')) return ['video', 'video_note', 'document']
  if (type.startsWith('image/')) return ['photo', 'document']
  return ['document']
}
const words = {
  audio: 'Music or sound',
  voice: 'Voice message',
  video: 'Video',
  video_note: 'Round video',
  photo: 'Photo',
  document: 'File',
}

export function sendFilesDialog(files, { room, reply }) {
  openDialog(files.length === 1 ? 'Send a file' : `Send ${files.length} files`, (close) => {
    const common = files
      .map((it) => kindsFor(it.type))
      .reduce((a, b) => a.filter((it) => b.includes(it)))
    const kinds = common.length > 0 ? common : ['document']
    const isOpus = files.length === 1 && /\.(ogg|oga|opus)$/i.test(files[0].name)
    const kind = h(
      'select',
      {},
      kinds.map((it) => h('option', { value: it, selected: isOpus && it === 'voice' }, words[it])),
    )
    const caption = h('input', {
      maxlength: 1024,
      placeholder: 'Caption',
      autocomplete: 'off',
      autofocus: true,
    })
    const submit = async (event) => {
      event.preventDefault()
      close()
      await sendAll(files, { kind: kind.value, caption: caption.value.trim(), room, reply })
    }
    return h(
      'form',
      { onsubmit: submit },
      h(
        'ul',
        { class: 'file-list' },
        files.map((it) =>
          h('li', {}, icon('file', 18), h('span', {}, it.name), h('small', {}, sizeText(it.size))),
        ),
      ),
      field('Send as', kind),
      field('Caption', caption),
      h('div', { class: 'actions' }, h('button', { class: 'primary' }, 'Send')),
    )
  })
}

async function sendAll(files, { kind, caption, room, reply }) {
  const album =
    files.length > 1 && kind !== 'voice' && kind !== 'video_note' ? String(Date.now()) : undefined
  for (const [at, file] of files.entries()) {
    try {
      await upload(kind, file, file.name, {
        chat: chatParam(room),
        from: state.me,
        caption: at === 0 && caption !== '' ? caption : undefined,
        album,
        reply_to: at === 0 ? reply : undefined,
      })
    } catch (error) {
      toast(error.message, 'bad')
    }
  }
}

/** Files dropped anywhere on the chat. */
export function acceptDrops(box, roomNow) {
  let depth = 0
  const veil = h(
    'div',
    { class: 'drop-veil', hidden: true },
    h('div', {}, icon('down', 32), h('p', {}, 'Drop to send')),
  )
  const show = (on) => {
    veil.hidden = !on
    if (!veil.isConnected) box.append(veil)
  }
  box.addEventListener('dragenter', (event) => {
    if (!event.dataTransfer?.types.includes('Files')) return
    depth += 1
    show(true)
  })
  box.addEventListener('dragleave', () => {
    depth = Math.max(0, depth - 1)
    if (depth === 0) show(false)
  })
  box.addEventListener('dragover', (event) => event.preventDefault())
  box.addEventListener('drop', (event) => {
    event.preventDefault()
    depth = 0
    show(false)
    const files = [...(event.dataTransfer?.files ?? [])]
    const room = roomNow()
    if (files.length > 0 && room) sendFilesDialog(files, { room })
  })
}
