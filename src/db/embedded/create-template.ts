import { chmodSync, existsSync, globSync } from 'node:fs'
import { join } from 'node:path'
import { createPglite, embedded } from '../client.ts'
import { migrate } from '../migrate.ts'
import { templatePath, writeAtomically } from './template.ts'

/** Creates the database that first starts copy, with all migrations, unless it exists. */
export async function createTemplate(template = templatePath()): Promise<void> {
  if (existsSync(template)) {
    return
  }
  await writeAtomically(template, async (draft) => {
    const database = await embedded(await createPglite({ dataDir: draft }))
    await migrate(database.db)
    await database.close()
    // PostgreSQL in WebAssembly leaves its files writable to everyone.
    for (const file of globSync('**', { cwd: draft, withFileTypes: true })) {
      chmodSync(join(file.parentPath, file.name), file.isDirectory() ? 0o755 : 0o644)
    }
  })
}
