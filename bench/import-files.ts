import { once } from 'node:events'
import { createWriteStream, type WriteStream } from 'node:fs'
import { join } from 'node:path'

const STATUSES = ['todo', 'in_progress', 'done'] as const
const PRIORITIES = ['low', 'medium', 'high'] as const

/** Writes the same rows twice: as an upload, and as input of COPY with an owner and ids. */
export async function writeImportFiles(
  folder: string,
  owner: string,
  rows: number
): Promise<{ upload: string; copy: string }> {
  const paths = { upload: join(folder, 'upload.csv'), copy: join(folder, 'copy.csv') }
  const upload = createWriteStream(paths.upload)
  const copy = createWriteStream(paths.copy)
  await write(upload, 'title,description,status,priority,due_date,tags\n')
  for (let i = 1; i <= rows; i++) {
    const status = STATUSES[i % 3]
    const month = String(1 + (i % 12)).padStart(2, '0')
    const fields = [
      `Task number ${i}`,
      `Some words about task ${i} of this file`,
      status,
      PRIORITIES[i % 3],
      `2026-${month}-15T10:00:00Z`
    ]
    const tags = ['home', `number ${i % 50}`]
    const completedAt = status === 'done' ? '2026-01-01T00:00:00Z' : ''
    await write(upload, `${[...fields, tags.join('|')].join(',')}\n`)
    await write(copy, `${[owner, idOf(i), ...fields, `"{${tags}}"`, completedAt].join(',')}\n`)
  }
  await Promise.all([finish(upload), finish(copy)])
  return paths
}

/** The id of the i-th row, a UUIDv7. */
function idOf(i: number): string {
  const hex = i.toString(16).padStart(12, '0')
  return `019f2f6e-7c1a-7${hex.slice(0, 3)}-8${hex.slice(3, 6)}-${hex}`
}

async function write(stream: WriteStream, text: string): Promise<void> {
  if (!stream.write(text)) {
    await once(stream, 'drain')
  }
}

async function finish(stream: WriteStream): Promise<void> {
  stream.end()
  await once(stream, 'close')
}
