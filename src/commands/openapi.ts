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

/**
 * Writes the contract as OpenAPI 3.1, as OpenAPI 3.0 and as a Postman collection. With `check` it writes nothing
 * and fails when a committed file differs from what the code generates.
 */
export async function openapiCommand({ check }: { check: boolean }): Promise<void> {
  const contract = await generateContract()
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
      throw new CommandError(`openapi/${name} differs from the code. Run: npm run openapi`)
    }
    console.log(check ? `openapi/${name} is up to date.` : `Wrote openapi/${name}.`)
  }
}

/** Builds the contract, which depends on neither configuration nor database: none is opened. */
async function generateContract(): Promise<Document> {
  const db: Db = drizzle.mock()
  const config = readConfig({ DOCS_ENABLED: 'off' })
  const logger = pino({ level: 'silent' })
  const app = await buildApp(
    {
      db,
      config,
      mail: createMail(config, logger),
      passwords: createPasswords(),
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
