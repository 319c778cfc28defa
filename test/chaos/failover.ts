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

/** A server and, from time to time, one that follows it and takes over. */
export interface Succession {
  /** Who is written to. */
  leader(): PostgresServer
  /** Has another server follow the leader, which from then on acknowledges what both have written. */
  follow(): Promise<void>
  /** Makes the follower the leader. With `early` its address moves to it before it may be written to. */
  takeOver({ early }: { early: boolean }): Promise<void>
}

export function succession(
  t: Pick<Test, 'teardown'>,
  first: PostgresServer,
  settings: PostgresOptions['settings'] = {}
): Succession {
  let leader = first
  let follower: PostgresServer | undefined
  const person = unprivileged()

  return {
    leader: () => leader,
    async follow() {
      const folder = mkdtempSync(join(tmpdir(), 'tasklane-follower-'))
      t.teardown(() => rmSync(folder, { recursive: true, force: true }))
      if (person.uid !== undefined) {
        chownSync(folder, person.uid, person.gid as number)
      }
      const data = join(folder, 'data')
      await promisify(execFile)(
        join(binaries as string, 'pg_basebackup'),
        [
          '-d',
          `postgres://postgres@127.0.0.1:${leader.port}/`,
          '-D',
          data,
          '-R',
          '-X',
          'stream',
          '-c',
          'fast',
          '--no-sync'
        ],
        { ...person, cwd: folder }
      )
      follower = await startPostgres(t, { backup: data, settings })
      await leader.admin(async (sql) => {
        // Said now, so that the copy which was taken does not say it too: nobody follows it yet.
        await sql.unsafe("alter system set synchronous_standby_names = '*'")
        await sql`select pg_reload_conf()`
        await waitUntil(
          'that the follower is waited for',
          async () =>
            (await sql`select 1 from pg_stat_replication where sync_state = 'sync'`).length > 0
        )
      })
    },
    async takeOver({ early }) {
      const heir = follower as PostgresServer
      if (early) {
        leader = heir
      }
      await heir.admin((sql) => sql`select pg_promote()`)
      leader = heir
    }
  }
}
