import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { Client } from './client.ts'
import type { Ledger } from './ledger.ts'
import type { ScenarioContext } from './scenario.ts'

const IMPORTS = '/api/v1/task-imports'
/** Some seconds of work: long enough to be interrupted, short enough for many rounds. */
export const ROWS = 6000
const POLL_MS = 50
/** An import that has not finished by then never will. */
const TIMEOUT_MS = 90_000

interface ImportState {
  status: string
  rows_processed: number
  rows_imported: number
  finished_at: string | null
}

/** Builds a multipart body with one CSV file of one column. */
function csvForm(titles: string[], boundary: string): Buffer {
  return Buffer.from(
    [
      `--${boundary}`,
      'Content-Disposition: form-data; name="file"; filename="tasks.csv"',
      'Content-Type: text/csv',
      '',
      `title\n${titles.join('\n')}\n`,
      `--${boundary}--`,
      ''
    ].join('\r\n')
  )
}

/** Uploads a file and records its rows in the ledger: each must exist once in the end. Returns the import's id. */
export async function uploadImport(client: Client, { ledger }: ScenarioContext): Promise<string> {
  const name = randomUUID()
  const titles = Array.from({ length: ROWS }, (_, row) => `${name} ${row}`)
  const boundary = randomUUID()
  const { status, body } = await client.send({
    method: 'POST',
    path: IMPORTS,
    body: csvForm(titles, boundary),
    headers: {
      'content-type': `multipart/form-data; boundary=${boundary}`,
      'idempotency-key': name
    }
  })
  if (status !== 202) {
    throw new Error(`the upload was rejected: ${status} ${JSON.stringify(body)}`)
  }
  ledger.recordUpload(titles)
  return body.id
}

/** Polls an import until it has processed this many rows, or has finished. */
export async function waitForRows(client: Client, id: string, rows: number): Promise<ImportState> {
  const deadline = performance.now() + TIMEOUT_MS
  for (;;) {
    const { status, body } = await client.send({ path: `${IMPORTS}/${id}` })
    if (status === 200 && (body.finished_at !== null || body.rows_processed >= rows)) {
      return body
    }
    if (performance.now() > deadline) {
      throw new Error(`the import did not reach row ${rows}: ${status} ${JSON.stringify(body)}`)
    }
    await pause(POLL_MS)
  }
}

/** Waits until an import has finished, and checks that it succeeded in time. The audit checks its rows. */
export async function waitForSuccess(
  client: Client,
  id: string,
  ledger: Ledger,
  withinMs: number
): Promise<void> {
  const startedAt = performance.now()
  const { status, rows_imported } = await waitForRows(client, id, Number.POSITIVE_INFINITY)
  const took = performance.now() - startedAt
  if (status !== 'succeeded' || rows_imported !== ROWS) {
    ledger.violation(
      'an import succeeds whichever process dies',
      `${status}, ${rows_imported} of ${ROWS}`
    )
  }
  if (took > withinMs) {
    ledger.violation(`an import continues within ${withinMs / 1000} s`, `${Math.round(took)} ms`)
  }
}
