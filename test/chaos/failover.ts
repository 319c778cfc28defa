import { execFile } from 'node:child_process'
import { chownSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import {
  binaries,
  type PostgresOptions,
  type PostgresServer,
  startPostgres,
  unprivileged
} from '../support/postgres-server.ts'
import { waitUntil } from '../support/wait-until.ts'

/** A primary and, from time to time, a synchronous standby that can take over. */
export interface Standbys {
  /** The server that accepts writes. */
  primary(): PostgresServer
  /** Adds a synchronous standby: from then on a commit is acknowledged once both servers have written it. */
  add(): Promise<void>
  /** Promotes the standby. With `early`, connections reach it before it accepts writes. */
  promote(options: { early: boolean }): Promise<void>
}

/** Manages the standbys of a server that is already running. */
export function createStandbys(
  t: Pick<Test, 'teardown'>,
  first: PostgresServer,
  settings: PostgresOptions['settings'] = {}
): Standbys {
  let primary = first
  let standby: PostgresServer | undefined

  return {
    primary: () => primary,
    async add() {
      standby = await startPostgres(t, { backup: await takeBaseBackup(t, primary), settings })
      await makeSynchronous(primary)
    },
    async promote({ early }) {
      const next = standby as PostgresServer
      if (early) {
        primary = next
      }
      await next.admin((sql) => sql`SELECT pg_promote()`)
      primary = next
    }
  }
}

/** Copies a server into a folder of its own, set up to replicate from it, and returns the folder. */
async function takeBaseBackup(
  t: Pick<Test, 'teardown'>,
  { port }: PostgresServer
): Promise<string> {
  const osUser = unprivileged()
  const folder = mkdtempSync(join(tmpdir(), 'tasklane-standby-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  if (osUser.uid !== undefined) {
    chownSync(folder, osUser.uid, osUser.gid as number)
  }
  const data = join(folder, 'data')
  const source = ['-d', `postgres://postgres@127.0.0.1:${port}/`]
  await promisify(execFile)(
    join(binaries as string, 'pg_basebackup'),
    [...source, '-D', data, '-R', '-X', 'stream', '-c', 'fast', '--no-sync'],
    { ...osUser, cwd: folder }
  )
  return data
}

/** Makes commits wait for the standby. Set after the base backup: the standby has no standby of its own yet. */
async function makeSynchronous(primary: PostgresServer): Promise<void> {
  await primary.admin(async (sql) => {
    await sql.unsafe("ALTER SYSTEM SET synchronous_standby_names = '*'")
    await sql`SELECT pg_reload_conf()`
    await waitUntil(
      'synchronous replication',
      async () =>
        (await sql`SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'`).length > 0
    )
  })
}
