import {
  chmodSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync
} from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const MODULES = fileURLToPath(new URL('../../../node_modules', import.meta.url))

/** Returns where an install stores an empty database; first starts copy it, which is faster than creating one. */
export function templatePath(): string {
  const { version } = JSON.parse(
    readFileSync(join(MODULES, '@electric-sql', 'pglite', 'package.json'), 'utf8')
  )
  return join(MODULES, '.cache', 'tasklane', `blank-database-${version}`)
}

/** Creates the empty database that first starts copy, unless it exists. */
export async function createTemplate(template = templatePath()): Promise<void> {
  if (existsSync(template)) {
    return
  }
  await writeAtomically(template, async (draft) => {
    await initDatabase(draft)
    // PostgreSQL in WebAssembly leaves its files writable to everyone.
    for (const file of globSync('**', { cwd: draft, withFileTypes: true })) {
      chmodSync(join(file.parentPath, file.name), file.isDirectory() ? 0o755 : 0o644)
    }
  })
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
async function writeAtomically(
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
