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

/** Where an install keeps a blank database for first starts to copy: a copy takes a fraction of the seconds that making one takes. */
export function templatePath(): string {
  const { version } = JSON.parse(
    readFileSync(join(MODULES, '@electric-sql', 'pglite', 'package.json'), 'utf8')
  )
  return join(MODULES, '.cache', 'tasklane', `blank-database-${version}`)
}

/** Makes the blank database that first starts copy, unless it is there. */
export async function createTemplate(kept = templatePath()): Promise<void> {
  if (existsSync(kept)) {
    return
  }
  await writeAtomically(kept, async (draft) => {
    await initDatabase(draft)
    // PostgreSQL in WebAssembly leaves its files writable to everyone.
    for (const file of globSync('**', { cwd: draft, withFileTypes: true })) {
      chmodSync(join(file.parentPath, file.name), file.isDirectory() ? 0o755 : 0o644)
    }
  })
}

/** Puts a blank database where none is yet. */
export async function ensureDatabase(directory: string, kept?: string): Promise<void> {
  if (existsSync(directory)) {
    return
  }
  await writeAtomically(directory, (draft) => {
    const source = kept ?? templatePath()
    return existsSync(source) ? cpSync(source, draft, { recursive: true }) : initDatabase(draft)
  })
}

/** A directory that is there is whole, however the process ended that made it. */
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
