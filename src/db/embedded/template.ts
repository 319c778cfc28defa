import { createHash } from 'node:crypto'
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const MIGRATIONS = fileURLToPath(new URL('../../../drizzle', import.meta.url))
const MODULES = fileURLToPath(new URL('../../../node_modules', import.meta.url))

/**
 * Returns where an install stores a database with all migrations and no data; first starts copy it, which is faster
 * than creating one. Other migrations have another one.
 */
export function templatePath(): string {
  const { version } = JSON.parse(
    readFileSync(join(MODULES, '@electric-sql', 'pglite', 'package.json'), 'utf8')
  )
  const migrations = createHash('sha256')
  for (const file of globSync('*.sql', { cwd: MIGRATIONS }).sort()) {
    migrations.update(readFileSync(join(MIGRATIONS, file)))
  }
  const key = migrations.digest('hex').slice(0, 12)
  return join(MODULES, '.cache', 'tasklane', `empty-database-${version}-${key}`)
}

/** Creates an empty database in `directory`, unless one exists. */
export async function ensureDatabase(directory: string, template?: string): Promise<void> {
  if (existsSync(directory)) {
    return
  }
  await writeAtomically(directory, (draft) => {
    const source = template ?? templatePath()
    return existsSync(source) ? cpSync(source, draft, { recursive: true }) : initDatabase(draft)
  })
}

/** Fills a draft and renames it, so that a directory that exists is complete even if a process was killed. */
export async function writeAtomically(
  directory: string,
  fill: (draft: string) => Promise<void> | void
): Promise<void> {
  const draft = `${directory}.draft`
  rmSync(draft, { recursive: true, force: true })
  mkdirSync(dirname(directory), { recursive: true })
  await fill(draft)
  renameSync(draft, directory)
}

async function initDatabase(directory: string): Promise<void> {
  const { PGlite } = await import('@electric-sql/pglite')
  await (await PGlite.create({ dataDir: directory })).close()
}
