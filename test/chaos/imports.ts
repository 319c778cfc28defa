import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { Client } from './client.ts'
import type { Ledger } from './ledger.ts'
import type { World } from './scenario.ts'

const IMPORTS = '/api/v1/task-imports'
/** Some seconds of work: long enough to be interrupted, short enough for many rounds. */
export const ROWS = 6000
const LOOK_MS = 50
/** Whatever happens: an import that is not through by then never will be. */
const GIVE_UP_MS = 90_000

interface State {
  status: string
  rows_processed: number
  rows_imported: number
  finished_at: string | null
}

/** Sends a file whose rows the books know: each must be there once. */
export async function upload(somebody: Client, { ledger }: World): Promise<string> {
  const name = randomUUID()
  const titles = Array.from({ length: ROWS }, (_, row) => `${name} ${row}`)
  const boundary = randomUUID()
  const body = Buffer.from(
    `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="tasks.csv"\r\nContent-Type: text/csv\r\n\r\ntitle\n${titles.join('\n')}\n\r\n--${boundary}--\r\n`
  )
  const { status, body: made } = await somebody.send({
    method: 'POST',
    path: IMPORTS,
    body,
    headers: {
      'content-type': `multipart/form-data; boundary=${boundary}`,
      'idempotency-key': name
    }
  })
  if (status !== 202) {
    throw new Error(`the file was not taken: ${status} ${JSON.stringify(made)}`)
  }
  ledger.imports(titles)
  return made.id
}

/** Looks at an import until so many of its rows are dealt with, or until it has ended. */
export async function importReached(somebody: Client, id: string, rows: number): Promise<State> {
  const giveUpAt = performance.now() + GIVE_UP_MS
  for (;;) {
    const { status, body } = await somebody.send({ path: `${IMPORTS}/${id}` })
    if (status === 200 && (body.finished_at !== null || body.rows_processed >= rows)) {
      return body
    }
    if (performance.now() > giveUpAt) {
      throw new Error(`the import did not get to row ${rows}: ${status} ${JSON.stringify(body)}`)
    }
    await pause(LOOK_MS)
  }
}

/** Waits for its end, which must be a good one and come in time. That each row is there once is for the audit. */
export async function importEnded(
  somebody: Client,
  id: string,
  ledger: Ledger,
  promiseMs: number
): Promise<void> {
  const since = performance.now()
  const { status, rows_imported } = await importReached(somebody, id, Number.POSITIVE_INFINITY)
  const took = performance.now() - since
  if (status !== 'succeeded' || rows_imported !== ROWS) {
    ledger.wrong(
      'an import comes to its end whoever dies',
      `${status}, ${rows_imported} of ${ROWS}`
    )
  }
  if (took > promiseMs) {
    ledger.wrong(`an import goes on within ${promiseMs / 1000} s`, `${Math.round(took)} ms`)
  }
}
