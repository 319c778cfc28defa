import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { executeRows } from '../../db/rows.ts'
import type { MeasureProgress } from '../../db/tables/account-storage.ts'

/** Rows that one statement measures: few enough that no other waits noticeably for it. */
export const MEASURE_CHUNK = 2000
/** As long as nobody else goes on with a measurement; one turn takes about a second. */
const LEASE_SECONDS = 30
const MIN_REST_SECONDS = 60
/** So many times as long as it took an account rests: measuring takes at most a twentieth of a connection. */
const REST_FACTOR = 20
/** Far more than an operator leaves without asking. */
const MAX_OVER = 100_000

interface MeasuredTable {
  table: SQL
  /** The columns after `owner_id` in the primary key, with their types. */
  key: [column: string, type: string][]
  /** What a row takes as it is stored: its columns of a fixed size and its header, and the others. */
  size: SQL
}

const sizeOf = (fixed: number, columns: string[]): SQL =>
  sql.raw([fixed, ...columns.map((name) => `coalesce(pg_column_size(${name}), 0)`)].join(' + '))

/** What counts: everything that grows with what an account writes. Indexes do not. */
const MEASURED: MeasuredTable[] = [
  {
    table: sql`tasks`,
    key: [['id', 'uuid']],
    size: sizeOf(200, ['title', 'description', 'tags', 'search'])
  },
  {
    table: sql`task_events`,
    key: [
      ['task_id', 'uuid'],
      ['version', 'int']
    ],
    size: sizeOf(110, ['type', 'request_id', 'changes'])
  },
  {
    table: sql`task_comments`,
    key: [
      ['task_id', 'uuid'],
      ['id', 'uuid']
    ],
    size: sizeOf(110, ['body', 'mentions'])
  },
  {
    table: sql`list_changes`,
    key: [
      ['list_id', 'uuid'],
      ['position', 'bigint'],
      ['id', 'uuid']
    ],
    // What others write into somebody's own feed counts for nobody.
    size: sql`CASE
      WHEN list_id <> owner_id OR actor_id = owner_id
      THEN ${sizeOf(170, ['type', 'resource_type', 'request_id', 'changed_fields'])}
      ELSE 0
    END`
  }
]

/** Adds up what a chunk of the rows of an owner takes; returns how far that is, or undefined at the end. */
export async function measureChunk(
  db: Db,
  ownerId: string,
  { table: number, after }: MeasureProgress
): Promise<{ bytes: number; next: Pick<MeasureProgress, 'table' | 'after'> | undefined }> {
  const { table, key, size } = MEASURED[number] as MeasuredTable
  const columns = sql.raw(key.map(([column]) => column).join(', '))
  const asText = sql.raw(key.map(([column]) => `${column}::text`).join(', '))
  const values = key.map(([, type], i) => sql`${after?.[i]}::${sql.raw(type)}`)
  const isAfter = after ? sql`AND (${columns}) > (${sql.join(values, sql`, `)})` : sql``
  const [sum] = await executeRows<{ bytes: string; rows: number; last: string[] | null }>(
    db,
    sql`
      WITH chunk AS MATERIALIZED (
        SELECT ${columns}, ${size} AS bytes
        FROM ${table}
        WHERE owner_id = ${ownerId} ${isAfter}
        ORDER BY ${columns}
        LIMIT ${MEASURE_CHUNK}
      )
      SELECT
        coalesce(sum(bytes), 0)::text AS bytes,
        count(*)::int AS rows,
        (SELECT jsonb_build_array(${asText}) FROM chunk ORDER BY (${columns}) DESC LIMIT 1) AS last
      FROM chunk`
  )
  const bytes = Number(sum?.bytes ?? 0)
  if (sum?.last && sum.rows === MEASURE_CHUNK) {
    return { bytes, next: { table: number, after: sum.last } }
  }
  return { bytes, next: number + 1 < MEASURED.length ? { table: number + 1 } : undefined }
}

const restFrom = (measured_at: SQL, took_ms: SQL): SQL =>
  sql`${measured_at} + make_interval(
    secs => greatest(${MIN_REST_SECONDS}::float8, ${took_ms} * ${REST_FACTOR / 1000}::float8)
  )`

/** Notes that accounts have been written to, and are to be measured; each as soon as it has rested. */
export async function markWritten(db: Db, ownerIds: string[]): Promise<void> {
  // In the order of ids, so that two processes do not wait for each other.
  await db.execute(sql`
    INSERT INTO account_storage AS s (owner_id, due_at, is_written)
    SELECT u.id, now(), true
    FROM users u
    LEFT JOIN account_storage known ON known.owner_id = u.id
    WHERE u.id = ANY(${`{${ownerIds.join()}}`}::uuid[])
      AND u.deleted_at IS NULL
      AND known.is_written IS NOT TRUE
    ORDER BY u.id
    ON CONFLICT (owner_id) DO UPDATE
    SET
      is_written = true,
      due_at = coalesce(s.due_at, greatest(now(), ${restFrom(sql`s.measured_at`, sql`s.took_ms`)}))`)
}

/** Takes the account that is due longest, which nobody else takes meanwhile. One measured in part has `progress`. */
export async function leaseDue(
  db: Db
): Promise<{ owner_id: string; progress: MeasureProgress | null } | undefined> {
  const [leased] = await executeRows<{ owner_id: string; progress: MeasureProgress | null }>(
    db,
    sql`
      UPDATE account_storage
      SET
        due_at = now() + make_interval(secs => ${LEASE_SECONDS}),
        is_written = is_written AND progress IS NOT NULL
      WHERE owner_id = (
        SELECT owner_id
        FROM account_storage
        WHERE due_at <= now()
        ORDER BY due_at
        LIMIT 1
        FOR UPDATE SKIP LOCKED
      )
      RETURNING owner_id, progress`
  )
  return leased
}

/** Stores how far the measurement of an account is; others that are due come first. */
export async function saveProgress(
  db: Db,
  ownerId: string,
  progress: MeasureProgress
): Promise<void> {
  await db.execute(sql`
    UPDATE account_storage
    SET due_at = now(), progress = ${JSON.stringify(progress)}::jsonb
    WHERE owner_id = ${ownerId}`)
}

/** Stores how much an account has. One that was written to meanwhile is measured again when it has rested. */
export async function saveBytes(
  db: Db,
  ownerId: string,
  { bytes, ms }: Pick<MeasureProgress, 'bytes' | 'ms'>
): Promise<void> {
  const took = Math.min(Math.ceil(ms), 2_147_483_647)
  await db.execute(sql`
    UPDATE account_storage
    SET
      bytes = ${bytes},
      measured_at = now(),
      took_ms = ${took},
      progress = NULL,
      due_at = CASE WHEN is_written THEN ${restFrom(sql`now()`, sql`${took}::int`)} END
    WHERE owner_id = ${ownerId}`)
}

/** Returns the accounts that have so many bytes or more, the largest first, and how many these are. */
export async function listLarge(db: Db, bytes: number): Promise<[string, number][]> {
  const rows = await executeRows<{ owner_id: string; bytes: string }>(
    db,
    sql`
      SELECT owner_id, bytes::text AS bytes
      FROM account_storage
      WHERE bytes >= ${bytes}
      ORDER BY bytes DESC
      LIMIT ${MAX_OVER}`
  )
  return rows.map((row) => [row.owner_id, Number(row.bytes)])
}
