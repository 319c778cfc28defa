import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { drizzle } from 'drizzle-orm/pglite'
import { pino } from 'pino'
import { buildApp } from '../app.ts'
import { readConfig } from '../config.ts'
import { createMail } from '../core/mail.ts'
import { createPasswords } from '../core/passwords.ts'
import type { Db } from '../db/client.ts'
import { documentText } from '../plugins/openapi.ts'
import { CommandError } from './start-up.ts'

const FILE = fileURLToPath(new URL('../../openapi/openapi.json', import.meta.url))

/** Writes the contract, or with `check` refuses when the committed one is not what the code says. */
export async function openapiCommand ({ check }: { check: boolean }): Promise<void> {
  const text = await contractText()
  if (!check) {
    writeFileSync(FILE, text)
    console.log('Wrote openapi/openapi.json.')
  } else if (read(FILE) !== text) {
    throw new CommandError('openapi/openapi.json is not what the code says. Run: npm run openapi')
  } else {
    console.log('openapi/openapi.json is what the code says.')
  }
}

/** The contract does not depend on configuration, nor on a database: none is opened. */
async function contractText (): Promise<string> {
  const db = drizzle.mock() as unknown as Db
  const config = readConfig({ DOCS: 'off' })
  const logger = pino({ level: 'silent' })
  const app = await buildApp({ db, config, mail: createMail(config, logger), passwords: await createPasswords(), secret: 'x'.repeat(32), isLeaving: () => false }, logger)
  await app.ready()
  const text = documentText(app.contract())
  await app.close()
  return text
}

function read (file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
