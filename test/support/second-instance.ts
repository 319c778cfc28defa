import type { InjectOptions, LightMyRequestResponse as Response } from 'fastify'
import { pino } from 'pino'
import type { Test } from 'tap'
import { buildApp } from '../../src/app.ts'
import type { Config } from '../../src/config.ts'
import { createMail } from '../../src/core/mail.ts'
import { openDatabase } from '../../src/db/client.ts'
import { contractViolations } from './contract.ts'
import { PATIENT_MS, type TestDatabase } from './database.ts'
import { quickPasswords } from './quick-passwords.ts'
import { SECRET } from './test-app.ts'

/** A second instance of Tasklane on the same database, as after a restart or beside the first one. */
export async function secondInstance(
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
      passwords: quickPasswords(),
      secrets: [SECRET],
      isShuttingDown: () => false
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
  const request = async (options: InjectOptions & { url: string }): Promise<Response> => {
    const answer = await app.inject({ method: 'GET', ...options } as InjectOptions)
    t.strictSame(
      contractViolations(String(options.method ?? 'GET'), options.url, answer),
      [],
      `the contract holds for ${options.url}`
    )
    return answer
  }
  return Object.assign(request, {
    listen: (port: number) => app.listen({ host: '127.0.0.1', port })
  })
}
