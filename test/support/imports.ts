import { readFileSync } from 'node:fs'
import { pino } from 'pino'
import type { Test } from 'tap'
import { v7 as uuidv7 } from 'uuid'
import { jobs } from '../../src/background.ts'
import type { Config } from '../../src/config.ts'
import { type JobRunner, startJobRunner } from '../../src/core/job-runner.ts'
import { createMail, type Mail } from '../../src/core/mail.ts'
import type { Metrics } from '../../src/core/metrics.ts'
import type { Db } from '../../src/db/client.ts'
import type { TaskImportPreview } from '../../src/features/imports/preview.schema.ts'
import type { TaskImport, TaskImportError } from '../../src/features/imports/schema.ts'
import { type Person, SECRET } from './test-app.ts'
import { waitUntil } from './wait-until.ts'

export const IMPORTS = '/api/v1/task-imports'
const FINAL = ['succeeded', 'failed', 'cancelled']

export const sample = (name: string): Buffer =>
  readFileSync(new URL(`../samples/${name}.csv`, import.meta.url))
/** A file as another program has written it. */
export const foreign = (name: string): Buffer => sample(`foreign/${name}`)

/** Those that run, to be woken by whoever waits for them, as a process that serves wakes its own. */
const workers = new Set<JobRunner>()

/** Lets the workers of this process look for work now. */
export function wakeWorkers(): void {
  for (const working of workers) {
    working.wake()
  }
}

/** A worker as every process has one; it stops with the test. */
export function worker(
  t: Test,
  { db, config, mail, metrics }: { db: Db; config: Config; mail?: Mail; metrics?: Metrics }
): JobRunner {
  const log = pino(
    { level: 'error' },
    {
      write: (line: string) => {
        process.stderr.write(line)
      }
    }
  )
  const deps = {
    db,
    config,
    log,
    secrets: [SECRET] as const,
    mail: mail ?? createMail(config, log),
    metrics
  }
  const working = startJobRunner(jobs(deps), log)
  workers.add(working)
  t.teardown(() => {
    workers.delete(working)
    return working.stop()
  })
  return working
}

export interface Part {
  content: string | Buffer
  field?: string
  name?: string | undefined
  type?: string | undefined
}

/** Returns a form as a browser sends it. */
export function form(...parts: Part[]): { payload: Buffer; headers: Record<string, string> } {
  const boundary = 'a-boundary-of-our-own'
  const chunks = parts.flatMap(({ content, field = 'file', name, type }) => {
    const filename = name === undefined ? '' : `; filename="${name}"`
    const head = [
      `--${boundary}`,
      `Content-Disposition: form-data; name="${field}"${filename}`,
      ...(type === undefined ? [] : [`Content-Type: ${type}`])
    ]
    return [Buffer.from(`${head.join('\r\n')}\r\n\r\n`), Buffer.from(content), Buffer.from('\r\n')]
  })
  return {
    payload: Buffer.concat([...chunks, Buffer.from(`--${boundary}--\r\n`)]),
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` }
  }
}

interface UploadOptions {
  name?: string
  type?: string
  query?: string
  key?: string
}

/** Sends a file; the answer as it is. */
export function upload(
  who: Person,
  content: string | Buffer,
  { name = 'tasks.csv', type = 'text/csv', query = '', key }: UploadOptions = {}
) {
  const { payload, headers } = form({ content, name, type })
  return who.send({
    method: 'POST',
    url: IMPORTS + query,
    payload,
    headers: { ...headers, ...(key !== undefined && { 'idempotency-key': key }) }
  })
}

/** Sends a file that must be taken; the import as it stands then. */
export async function accepted(
  who: Person,
  content: string | Buffer,
  options?: UploadOptions
): Promise<TaskImport> {
  const answer = await upload(who, content, options)
  if (answer.statusCode !== 202) {
    throw new Error(`not accepted: ${answer.body}`)
  }
  return answer.json()
}

export const read = async (who: Person, { id }: { id: string }): Promise<TaskImport> =>
  (await who.get(`${IMPORTS}/${id}`)).json()

/** Waits until an import has come to its end. */
export async function ended(who: Person, given: { id: string }): Promise<TaskImport> {
  let now = await read(who, given)
  await waitUntil('the end of the import', async () => {
    wakeWorkers()
    now = await read(who, given)
    return FINAL.includes(now.status)
  })
  return now
}

export const imported = async (
  who: Person,
  content: string | Buffer,
  options?: UploadOptions
): Promise<TaskImport> => ended(who, await accepted(who, content, options))

export const errorsOf = async (who: Person, { id }: { id: string }): Promise<TaskImportError[]> =>
  (await who.get(`${IMPORTS}/${id}/errors?limit=100`)).json().data

/** Returns a file of N tasks. */
export const rows = (count: number, title = 'Task'): string => {
  const row = (_: unknown, i: number) =>
    `${title} ${i + 1},Number ${i + 1} of ${count},${i % 3 === 0 ? 'done' : 'todo'},a|b\n`
  return `title,description,status,tags\n${Array.from({ length: count }, row).join('')}`
}

/** Returns the same file with an id for each task. */
export const rowsWithIds = (count: number, title?: string): string =>
  rows(count, title)
    .trimEnd()
    .split('\n')
    .map((row, i) => `${i === 0 ? 'id' : uuidv7()},${row}\n`)
    .join('')

/** Returns a file of N tasks with ids, most of them below one of those at the end of the file. */
export function rowsWithParents(count: number, title?: string): string {
  const [header, ...tasks] = rows(count, title).trimEnd().split('\n')
  const ids = tasks.map(() => uuidv7())
  const tops = Math.ceil(count / 100)
  const parentOf = (i: number) => (i < count - tops ? ids[count - tops + (i % tops)] : '')
  return [
    `id,parent_id,${header}\n`,
    ...tasks.map((task, i) => `${ids[i]},${parentOf(i)},${task}\n`)
  ].join('')
}

/** Returns every entry of a list, page by page. */
export async function everyPage(who: Person, url: string, limit = 100) {
  const seen = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page: { data: Record<string, string>[]; pagination: { next_cursor: string | null } } = (
      await who.get(
        `${url}${url.includes('?') ? '&' : '?'}limit=${limit}${cursor && `&cursor=${cursor}`}`
      )
    ).json()
    seen.push(...page.data)
    cursor = page.pagination.next_cursor
  }
  return seen as { id: string; [field: string]: unknown }[]
}

/** What columns are, as a parameter of the query. */
export const asQuery = (mapping: unknown): string =>
  `?mapping=${encodeURIComponent(JSON.stringify(mapping))}`

export const PREVIEW = `${IMPORTS}/preview`

/** What an import would make of a file. */
export async function preview(
  who: Person,
  content: string | Buffer,
  { name = 'tasks.csv', type = 'text/csv', query = '' }: UploadOptions = {}
): Promise<TaskImportPreview> {
  const { payload, headers } = form({ content, name, type })
  const response = await who.send({ method: 'POST', url: PREVIEW + query, payload, headers })
  if (response.statusCode !== 200) {
    throw new Error(`no preview: ${response.body}`)
  }
  return response.json()
}

/** Every task of a person, in the order in which they were made. */
export const tasksOf = (who: Person) => everyPage(who, '/api/v1/tasks?sort=created_at_asc')
