import { invalidFile } from './problems.ts'

/** What other files begin with, whatever they are called. */
const FORMATS: [start: RegExp, name: string][] = [
  [/^%PDF-/, 'a PDF'],
  [/^PK(\x03\x04|\x05\x06)/, 'a ZIP archive or a spreadsheet such as .xlsx'],
  [/^\xd0\xcf\x11\xe0/, 'a spreadsheet of an old Excel'],
  [/^\x89PNG/, 'a PNG image'],
  [/^\xff\xd8\xff/, 'a JPEG image'],
  [/^GIF8/, 'a GIF image'],
  [/^\x1f\x8b/, 'a gzip archive'],
  [/^(\xef\xbb\xbf)?\s*<(!doctype|html|\?xml|head|body|script)\b/i, 'an HTML or XML page']
]
/** Enough for the longest of these beginnings, with some blanks. */
const BEGINNING_BYTES = 512

/** Passes a file on, unless its first bytes are those of another format. */
export async function* rejectOtherFormats(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let beginning: Buffer | undefined = Buffer.alloc(0)
  for await (const chunk of source) {
    if (!beginning) {
      yield chunk
      continue
    }
    beginning = Buffer.concat([beginning, chunk])
    if (beginning.length >= BEGINNING_BYTES) {
      yield checkBeginning(beginning)
      beginning = undefined
    }
  }
  if (beginning && beginning.length > 0) {
    yield checkBeginning(beginning)
  }
}

function checkBeginning(bytes: Buffer): Buffer {
  const text = bytes.toString('latin1', 0, BEGINNING_BYTES)
  const [, name] = FORMATS.find(([start]) => start.test(text)) ?? []
  if (name) {
    throw invalidFile('wrong_type', `The file is ${name}, not CSV. Export it as CSV.`)
  }
  return bytes
}
