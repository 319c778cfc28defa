import { createHmac } from 'node:crypto'
import { asc, notInArray } from 'drizzle-orm'
import type { InjectOptions, LightMyRequestResponse as Response } from 'fastify'
import { pino } from 'pino'
import type { Test } from 'tap'
import { buildApp } from '../../src/app.ts'
import type { Config } from '../../src/config.ts'
import { createMail } from '../../src/core/mail.ts'
import { createPasswords } from '../../src/core/passwords.ts'
import { type Db, openDatabase } from '../../src/db/client.ts'
import { auditEvents } from '../../src/db/tables/audit-events.ts'
import { contractFaults } from './contract.ts'
import { PATIENT_MS, type TestDatabase } from './database.ts'
import { SECRET } from './house.ts'

/** What an installation in production must at least be given. */
export const PRODUCTION = {
  NODE_ENV: 'production',
  JWT_SECRET: 'kX2n8Qw5Zr7Tb1Yv4Uc9Em3Ja6Lo0PdHs',
  DATABASE_URL: 'postgres://db.internal/tasklane',
  MAILER: 'off'
}

/** Everything the audit log remembers, oldest first, save for some actions. */
export async function auditFacts(db: Db, ...except: string[]) {
  const rows = await db
    .select()
    .from(auditEvents)
    .where(except.length > 0 ? notInArray(auditEvents.action, except) : undefined)
    .orderBy(asc(auditEvents.created_at), asc(auditEvents.id))
  return rows.map(({ id, created_at, ...fact }) => fact)
}

/** What a fact is, in short: the action, and how it ended when it did not succeed. */
export const inShort = ({ action, outcome }: { action: string; outcome: string }): string =>
  outcome === 'succeeded' ? action : `${action} ${outcome}`

/** A second instance of Tasklane on the same database, as after a restart or beside the first one. */
export async function sibling(
  t: Test,
  { database, config }: { database: TestDatabase; config: Config }
) {
  const own =
    database.url === undefined
      ? database
      : await openDatabase({ url: database.url, dataDir: '', pool: 10, waitMs: PATIENT_MS })
  const logger = pino({ level: 'silent' })
  const mail = createMail(config, logger)
  const app = await buildApp(
    {
      db: own.db,
      config,
      mail,
      passwords: await createPasswords(),
      secrets: [SECRET],
      isLeaving: () => false
    },
    logger
  )
  t.teardown(async () => {
    await app.close()
    await mail.close()
    if (own !== database) {
      await own.close()
    }
  })
  return async (options: InjectOptions & { url: string }): Promise<Response> => {
    const answer = await app.inject({ method: 'GET', ...options } as InjectOptions)
    t.strictSame(
      contractFaults(String(options.method ?? 'GET'), options.url, answer),
      [],
      `the contract holds for ${options.url}`
    )
    return answer
  }
}

type Parts = Record<string, unknown>
const encode = (part: Parts): string => Buffer.from(JSON.stringify(part)).toString('base64url')
export const decode = (part: string | undefined): Parts =>
  JSON.parse(Buffer.from(part as string, 'base64url').toString())

/** A token of one's own making. Signed with the right secret unless another one is given. */
export function forge(
  header: Parts,
  claims: Parts,
  { secret = SECRET, hash = 'sha256' }: { secret?: string; hash?: string } = {}
): string {
  const text = `${encode(header)}.${encode(claims)}`
  return `${text}.${createHmac(hash, secret).update(text).digest('base64url')}`
}

/** How many answers had which status. */
export const statuses = (answers: Pick<Response, 'statusCode'>[]): Record<string, number> =>
  Object.fromEntries(
    [...Map.groupBy(answers, (answer) => String(answer.statusCode))].map(([status, group]) => [
      status,
      group.length
    ])
  )
