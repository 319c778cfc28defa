/** Fails when the tables say something that no migration does: generates the missing one beside a copy and shows it. */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import config from '../drizzle.config.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const kit = join(createRequire(import.meta.url).resolve('drizzle-kit'), '..', 'bin.cjs')
const migrations = join(root, config.out as string)
const copy = mkdtempSync(join(root, 'node_modules', '.migrations-'))
try {
  cpSync(migrations, copy, { recursive: true })
  execFileSync(
    process.execPath,
    [
      kit,
      'generate',
      `--dialect=${config.dialect}`,
      `--schema=${config.schema}`,
      `--out=${relative(root, copy)}`
    ],
    { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] }
  )
  const missing = readdirSync(copy).filter(
    (file) => file.endsWith('.sql') && !readdirSync(migrations).includes(file)
  )
  if (missing.length > 0) {
    console.error(`The tables and ${config.out} differ: run npm run db:generate. Missing is:\n`)
    for (const file of missing) {
      console.error(readFileSync(join(copy, file), 'utf8'))
    }
    process.exitCode = 1
  }
  const silent = readdirSync(migrations)
    .filter((file) => file.endsWith('.sql'))
    .sort()
    .filter((file) => !/^-- (expand|contract)\b/.test(readFileSync(join(migrations, file), 'utf8')))
  if (silent.length > 0) {
    console.error(
      `The first line of ${silent.join(', ')} must begin with “-- expand” if the previous release ` +
        'can run beside it, and with “-- contract” if it cannot: see docs/operations/upgrades.md.'
    )
    process.exitCode = 1
  }
  const blocking = readdirSync(migrations)
    .filter((file) => file.endsWith('.sql'))
    .sort()
    .filter((file) => {
      const text = readFileSync(join(migrations, file), 'utf8')
      return text.startsWith('-- expand') && /create (unique )?index (?!if not exists)/i.test(text)
    })
  if (blocking.length > 0) {
    console.error(
      `${blocking.join(', ')} must say CREATE INDEX IF NOT EXISTS, so that operators can build a large index ahead: ` +
        'see docs/operations/upgrades.md.'
    )
    process.exitCode = 1
  }
  if (process.exitCode !== 1) {
    console.log(`The migrations in ${config.out} match the tables.`)
  }
} finally {
  rmSync(copy, { recursive: true })
}
