/** @module Small files of each kind that people send, made in memory: PDF and ZIP by hand, so that broken and hostile ones can be made too. */
import { crc32, deflateRawSync } from 'node:zlib'

export interface ZipFile {
  readonly name: string
  readonly content: Uint8Array | string
  /** What the archive claims the file unpacks to; the truth unless given. */
  readonly claimedBytes?: number
}

/** A ZIP archive (APPNOTE 4.3), deflated, no extras. */
export function makeZip(files: readonly ZipFile[]): Uint8Array {
  const locals: Buffer[] = []
  const directory: Buffer[] = []
  let at = 0
  for (const { name, content, claimedBytes } of files) {
    const bytes = Buffer.from(content as Uint8Array)
    const packed = deflateRawSync(bytes)
    const path = Buffer.from(name)
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt16LE(8, 4)
    common.writeUInt32LE(crc32(bytes), 10)
    common.writeUInt32LE(packed.length, 14)
    common.writeUInt32LE(claimedBytes ?? bytes.length, 18)
    common.writeUInt16LE(path.length, 22)
    const local = Buffer.concat([Buffer.from('504b0304', 'hex'), common, path, packed])
    const head = Buffer.concat([Buffer.from('504b01021400', 'hex'), common, Buffer.alloc(14), path])
    head.writeUInt32LE(at, 42)
    locals.push(local)
    directory.push(head)
    at += local.length
  }
  const listing = Buffer.concat(directory)
  const end = Buffer.alloc(22)
  end.write('504b0506', 'hex')
  end.writeUInt16LE(files.length, 8)
  end.writeUInt16LE(files.length, 10)
  end.writeUInt32LE(listing.length, 12)
  end.writeUInt32LE(at, 16)
  return Buffer.concat([...locals, listing, end])
}

/** A DOCX whose body is `body`, WordprocessingML. */
export const makeDocx = (body: string, more: readonly ZipFile[] = []): Uint8Array =>
  makeZip([
    {
      name: '[Content_Types].xml',
      content:
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>',
    },
    {
      name: 'word/document.xml',
      content: `<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>${body}</w:body></w:document>`,
    },
    ...more,
  ])

export const paragraph = (text: string): string =>
  `<w:p><w:r><w:t xml:space="preserve">${text}</w:t></w:r></w:p>`

export interface PdfOptions {
  readonly title?: string
  /** Makes readers ask for a password: the file's check values fit none. */
  readonly encrypted?: boolean
}

/** A PDF 1.4 with one page per entry; each line of an entry is a line of Latin text, an empty entry a page without text. */
export function makePdf(pages: readonly string[], options: PdfOptions = {}): Uint8Array {
  const streams = pages.map((page) =>
    page === ''
      ? '0.5 g 100 100 300 400 re f'
      : `BT /F1 12 Tf 14 TL 72 760 Td ${page
          .split('\n')
          .map((line) => `(${line.replace(/[\\()]/g, '\\$&')}) Tj T*`)
          .join(' ')} ET`,
  )
  return makePdfOf(
    streams.map((stream) => ({ dictionary: '', bytes: Buffer.from(stream, 'latin1') })),
    options,
  )
}

/** The same from raw content streams, `dictionary` being what stands beside their length. */
export function makePdfOf(
  streams: readonly { readonly dictionary: string; readonly bytes: Uint8Array }[],
  options: PdfOptions = {},
): Uint8Array {
  const first = 4
  const kids = streams.map((_, index) => `${String(first + index * 2)} 0 R`).join(' ')
  const objects: (string | Buffer)[] = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    `<< /Type /Pages /Count ${String(streams.length)} /Kids [${kids}] >>`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>',
  ]
  for (const [index, { dictionary, bytes }] of streams.entries()) {
    objects.push(
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents ${String(first + 1 + index * 2)} 0 R /Resources << /Font << /F1 3 0 R >> >> >>`,
      Buffer.concat([
        Buffer.from(`<< /Length ${String(bytes.length)} ${dictionary} >>\nstream\n`),
        bytes,
        Buffer.from('\nendstream'),
      ]),
    )
  }
  const info = objects.push(`<< /Title (${options.title ?? ''}) >>`)
  const check = `<${'ab'.repeat(32)}>`
  const encrypt = options.encrypted
    ? objects.push(`<< /Filter /Standard /V 1 /R 2 /P -4 /O ${check} /U ${check} >>`)
    : undefined
  const parts: Buffer[] = [Buffer.from('%PDF-1.4\n')]
  const offsets: number[] = []
  let at = 9
  for (const [index, object] of objects.entries()) {
    const bytes = Buffer.concat([
      Buffer.from(`${String(index + 1)} 0 obj\n`),
      Buffer.from(object as Uint8Array),
      Buffer.from('\nendobj\n'),
    ])
    offsets.push(at)
    parts.push(bytes)
    at += bytes.length
  }
  const rows = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('')
  const id = `/ID [<${'00'.repeat(16)}> <${'00'.repeat(16)}>]`
  parts.push(
    Buffer.from(
      `xref\n0 ${String(objects.length + 1)}\n0000000000 65535 f \n${rows}trailer << /Size ${String(objects.length + 1)} /Root 1 0 R /Info ${String(info)} 0 R ${encrypt === undefined ? '' : `/Encrypt ${String(encrypt)} 0 R ${id}`} >>\nstartxref\n${String(at)}\n%%EOF`,
    ),
  )
  return Buffer.concat(parts)
}
