import { type ExecFileOptions, execFile } from 'node:child_process'
import { chownSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { sql } from 'drizzle-orm'
import t from 'tap'
import { openDatabase } from '../../src/db/client.ts'
import { runCommand, startServer } from '../support/command.ts'
import {
  binaries,
  startPostgres,
  unprivileged,
  withoutPostgres
} from '../support/postgres-server.ts'
import { populate, SAMPLE_ENV } from '../support/sample-data.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const MANUAL = readFileSync(join(ROOT, 'docs/operations/backup.md'), 'utf8')

/** Runs a block of the manual as it stands there. */
async function documented(
  name: string,
  env: Record<string, string>,
  options: ExecFileOptions = {}
): Promise<void> {
  const [, script] =
    new RegExp(`<!-- backup: ${name} -->\n\`\`\`sh\n(.*?)\`\`\``, 's').exec(MANUAL) ?? []
  if (script === undefined) {
    throw new Error(`the manual does not say how to ${name}`)
  }
  await promisify(execFile)('sh', ['-eu', '-c', script], {
    cwd: ROOT,
    ...options,
    env: {
      PATH: [binaries, process.env.PATH].join(delimiter),
      HOME: tmpdir(),
      LC_ALL: 'C.UTF-8',
      ...env
    }
  })
}

if (withoutPostgres) {
  t.test('backup and restore', { skip: withoutPostgres }, () => {})
} else {
  const BACKUPS = mkdtempSync(join(tmpdir(), 'tasklane-backup-'))
  t.teardown(() => rmSync(BACKUPS, { recursive: true, force: true }))
  const person = unprivileged()
  if (person.uid !== undefined) {
    chownSync(BACKUPS, person.uid, person.gid as number)
  }
  const cwd = t.testdir()
  const postgres = await startPostgres(t)
  // Without work of its own that goes on while contents are compared.
  const serveFrom = (url: string) => startServer(t, { ...SAMPLE_ENV, DATABASE_URL: url }, cwd)
  const checksums = async (url: string) =>
    (await runCommand(t, ['checksum'], { env: { DATABASE_URL: url }, cwd })).stdout
  const server = await serveFrom(postgres.url)
  const data = await populate(server)
  const told = await data.snapshot(server)

  t.test(
    'a dump that the documented command takes of a running server is restored whole by the documented commands',
    async (t) => {
      const RESTORED_URL = new URL('/restored', postgres.url).href
      const env = { BACKUPS, DATABASE_URL: postgres.url, RESTORED_URL }
      await documented('dump', env)
      await postgres.admin((sql) => sql`create database restored owner app`)
      await documented('restore', env)
      await documented('compare', env)
      t.match(readFileSync(join(BACKUPS, 'before'), 'utf8'), /^tasks +6 {2}\d+$/m)
      const restored = await serveFrom(RESTORED_URL)
      t.strictSame(await data.snapshot(restored), told)
      t.ok(await data.stillWorks(restored))
      await restored.stop('SIGTERM')
      await t.rejects(
        documented('compare', env),
        'the comparison sees that life went on in one of the two'
      )
      await t.rejects(documented('restore', env), 'a database that is not empty is left alone')
    }
  )

  t.test(
    'one changed character in one row is seen by the checksum of its table, and by no other',
    async (t) => {
      const { db, close } = await openDatabase({ url: postgres.url, dataDir: '', pool: 1 })
      const before = await checksums(postgres.url)
      await db.execute(
        sql`update tasks set title = 'Left for later.' where title = 'Left for later'`
      )
      const after = await checksums(postgres.url)
      t.strictSame(
        before
          .split('\n')
          .filter((line) => !after.includes(line))
          .map((line) => line.split(' ')[0]),
        ['tasks']
      )
      await db.execute(
        sql`update tasks set title = 'Left for later' where title = 'Left for later.'`
      )
      await close()
      t.equal(await checksums(postgres.url), before)
    }
  )

  t.test(
    'a base backup, taken and verified by the documented commands, starts as a server that serves the same',
    async (t) => {
      const held = await checksums(postgres.url)
      await documented(
        'base',
        { BACKUPS, REPLICATION_URL: `postgres://postgres@127.0.0.1:${postgres.port}/` },
        { ...person, cwd: BACKUPS }
      )
      const again = await startPostgres(t, { backup: join(BACKUPS, 'base') })
      t.equal(await checksums(again.url), held)
      const restored = await serveFrom(again.url)
      t.strictSame(await data.snapshot(restored), told)
      t.ok(await data.stillWorks(restored))
      await restored.stop('SIGTERM')
    }
  )

  t.test('the server that was backed up noticed nothing', async (t) => {
    t.strictSame(await data.snapshot(server), told)
    t.equal((await server.stop('SIGTERM')).code, 0)
  })
}
