import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { drizzle } from 'drizzle-orm/pglite'
import { pino } from 'pino'
import { buildApp } from '../app.ts'
import { readConfig } from '../config.ts'
import { createMail } from '../core/mail.ts'
import { createPasswords } from '../core/passwords.ts'
import type { Db } from '../db/client.ts'
import type { Document } from '../http/openapi/document.ts'
import { documentText } from '../http/plugins/openapi.ts'
import { toOpenApi30 } from '../lib/openapi-downgrade.ts'
import { toPostman } from '../lib/postman.ts'
import { CommandError } from './bootstrap.ts'

const FOLDER = fileURLToPath(new URL('../../openapi/', import.meta.url))

/** Writes the contract, its twin for OpenAPI 3.0 and a Postman collection, or with `check` refuses when a committed one is not what the code says. */
export async function openapiCommand({ check }: { check: boolean }): Promise<void> {
  const contract = await committedContract()
  const files = {
    'openapi.json': contract,
    'openapi-3.0.json': toOpenApi30(contract),
    'postman_collection.json': toPostman(contract)
  }
  for (const [name, document] of Object.entries(files)) {
    const text = documentText(document)
    if (!check) {
      writeFileSync(`${FOLDER}${name}`, text)
    } else if (read(`${FOLDER}${name}`) !== text) {
      throw new CommandError(`openapi/${name} is not what the code says. Run: npm run openapi`)
    }
    console.log(check ? `openapi/${name} is what the code says.` : `Wrote openapi/${name}.`)
  }
}

/** The contract does not depend on configuration, nor on a database: none is opened. */
async function committedContract(): Promise<Document> {
  const db = drizzle.mock() as unknown as Db
  const config = readConfig({ DOCS_ENABLED: 'off' })
  const logger = pino({ level: 'silent' })
  const app = await buildApp(
    {
      db,
      config,
      mail: createMail(config, logger),
      passwords: await createPasswords(),
      secrets: ['x'.repeat(32)],
      isShuttingDown: () => false
    },
    logger
  )
  await app.ready()
  const contract = app.contract()
  await app.close()
  return contract
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
