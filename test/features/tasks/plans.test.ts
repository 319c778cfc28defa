import { fillPlaceholders, type SQL, sql } from 'drizzle-orm'
import t, { type Test } from 'tap'
import type { Caller } from '../../../src/core/context.ts'
import { executeRows } from '../../../src/db/rows.ts'
import { conditionsOf, needsCustomPlan } from '../../../src/features/tasks/filter.sql.ts'
import {
  HEAD_SCAN_ROWS,
  prepareHeadScan,
  prepareRows
} from '../../../src/features/tasks/list.queries.ts'
import { type TaskListQuery, TaskSort } from '../../../src/features/tasks/list.schema.ts'
import { isByPosition } from '../../../src/features/tasks/sortable.ts'
import { visibleTasks } from '../../../src/features/tasks/visible.ts'
import { openWithoutTimeouts, serverUrl } from '../../support/database.ts'
import { findParent, insertParents } from '../../support/subtasks.ts'
import { createTestApp } from '../../support/test-app.ts'

/** Tasks of all small owners together; `PLAN_ROWS=1000000` is the size that the plans are designed for. */
const ROWS = Number(process.env.PLAN_ROWS ?? 100_000)
const LARGE = Math.max(50_000, ROWS / 5)
const SMALL_OWNERS = 1000
const PROJECTS = 10
const LIMIT = 20
/** A page of 20 may look at this many rows, on each of its branches. */
const MAX_READ = 400

/** Own and assigned tasks, each with and without a date. */
const MAX_RANGES = 4
/** A later page may touch this many blocks more than the first: the index is a level deeper, or its page is split. */
const MORE_BLOCKS = 8

/** The sorts that every list has. */
const SORTS = (TaskSort.enum as TaskSort[]).filter((sort) => !isByPosition(sort))

interface Plan {
  'Node Type': string
  'Index Name'?: string
  'Shared Hit Blocks': number
  'Shared Read Blocks': number
  'Relation Name'?: string
  'Actual Rows': number
  'Actual Loops': number
  'Rows Removed by Filter'?: number
  'Rows Removed by Index Recheck'?: number
  Plans?: Plan[]
}

/** Puts a fifth of an owner's tasks into projects, all of which the member belongs to. */
const insertProjects = (ownerId: string, memberId: string) => sql`
  WITH made AS (
    INSERT INTO projects (owner_id, id, name)
    SELECT ${ownerId}::uuid, gen_random_uuid(), 'Project ' || n
    FROM generate_series(0, ${PROJECTS - 1}::int) n
    RETURNING owner_id, id, name
  ),
  members AS (
    INSERT INTO project_members (owner_id, project_id, user_id, role)
    SELECT owner_id, id, ${memberId}::uuid, 'editor' FROM made
  )
  UPDATE tasks t
  SET project_id = made.id
  FROM made
  WHERE t.owner_id = made.owner_id
    AND made.name = 'Project ' || abs(hashtext(t.id::text)) % ${PROJECTS * 5}::int`

/** Every thousandth task is assigned; every fourth has no due date. */
const insertTasks = (owner: SQL, assigneeId: string, count: number) => sql`
  INSERT INTO tasks
    (owner_id, id, assignee_id, title, description, status, priority, due_date, tags, created_at,
    updated_at)
  SELECT
    ${owner},
    gen_random_uuid(),
    CASE WHEN n % 1000 = 0 THEN ${assigneeId}::uuid END,
    'Task ' || md5(n::text) || ' common',
    'word' || (n % 5000),
    (array['todo', 'in_progress', 'done'])[1 + (n % 3)::int]::task_status,
    (array['low', 'medium', 'high'])[1 + (n / 3 % 3)::int]::task_priority,
    CASE WHEN n % 4 > 0 THEN now() + ((n * 7919) % 20000 - 10000) * interval '1 hour' END,
    array['tag' || (n % 500), CASE WHEN n / 9 % 2 = 0 THEN 'even' ELSE 'odd' END],
    timestamptz '2026-01-01' - (n * 3571 % 1000000) * interval '1 minute',
    timestamptz '2026-01-01' - (n * 7577 % 1000000) * interval '1 second'
  FROM generate_series(1, ${count}::bigint) n`

t.test(
  'every sort and filter reads a page from an index, the last page like the first',
  {
    skip:
      serverUrl === undefined && 'plans are asserted on a PostgreSQL server: set TEST_DATABASE_URL'
  },
  async (t) => {
    const { database, signUp } = await createTestApp(t)
    const db = await openWithoutTimeouts(t, database.url)
    const [ann, boss] = [await signUp(), await signUp('manager')]
    await db.execute(sql`
      INSERT INTO users (id, username, role)
      SELECT gen_random_uuid(), 'owner' || n, 'user' FROM generate_series(1, ${SMALL_OWNERS}::int) n`)
    const smallOwner = sql`
      (array(SELECT id FROM users WHERE username LIKE 'owner%' ORDER BY username))
        [1 + (n % ${SMALL_OWNERS}::int)::int]`
    await db.execute(insertTasks(sql`${ann.user.id}::uuid`, boss.user.id, LARGE))
    await db.execute(insertTasks(smallOwner, boss.user.id, ROWS))
    const member = await signUp()
    await db.execute(insertProjects(ann.user.id, member.user.id))
    await db.execute(insertParents(ann.user.id))
    await db.execute(sql`vacuum analyze tasks, users, projects, project_members`)

    const caller = (who: typeof ann, role: Caller['role']) =>
      ({ ...who.user, role, name: null, session_id: null }) as unknown as Caller
    const owner = caller(ann, 'user')
    const manager = caller(boss, 'manager')
    const inProjects = caller(member, 'user')
    const parent_id = await findParent(db, ann.user.id, false)
    const shared = await findParent(db, ann.user.id, true)
    const queries: [Caller, TaskListQuery][] = [
      ...SORTS.flatMap((sort): [Caller, TaskListQuery][] => [
        [owner, { sort }],
        ...(/^(title|priority)_/.test(sort)
          ? []
          : ([[manager, { sort, scope: 'all' }]] satisfies [Caller, TaskListQuery][])),
        [manager, { sort, owner_id: owner.id }]
      ]),
      [owner, { status: ['done'] }],
      [owner, { status: ['todo', 'done'] }],
      [owner, { completed: false }],
      [owner, { status: ['done'], sort: 'due_date_asc' }],
      [owner, { priority: ['high'], sort: 'updated_at_desc' }],
      [owner, { tag: ['tag7'] }],
      [owner, { tag: ['even'] }],
      [owner, { tag: ['tag7', 'tag8'], sort: 'due_date_asc' }],
      [owner, { q: 'word77' }],
      [owner, { q: 'common' }],
      [owner, { q: 'word77 comm', sort: 'title_asc' }],
      [manager, { q: 'word77', scope: 'all' }],
      [owner, { overdue: true, sort: 'due_date_asc' }],
      [
        owner,
        {
          due_after: '2026-01-01T00:00:00Z',
          due_before: '2027-01-01T00:00:00Z',
          sort: 'due_date_asc'
        }
      ],
      [
        owner,
        {
          due_after: '2026-01-01',
          due_before: '2026-12-31',
          time_zone: 'Asia/Tokyo',
          sort: 'due_date_asc'
        }
      ],
      [owner, { updated_after: '2025-12-31T00:00:00Z', sort: 'updated_at_asc' }],
      [owner, { created_before: '2025-06-01T00:00:00Z' }],
      [manager, {}],
      [manager, { assignee_id: manager.id, scope: 'all' }],
      [owner, { status: ['done'], priority: ['high'], tag: ['odd'] }],
      [manager, { status: ['done'], scope: 'all' }],
      ...SORTS.map((sort): [Caller, TaskListQuery] => [inProjects, { sort }]),
      [inProjects, { status: ['done'] }],
      [inProjects, { priority: ['high'], sort: 'updated_at_desc' }],
      [inProjects, { tag: ['tag7'] }],
      [inProjects, { q: 'word77' }],
      [inProjects, { q: 'common' }],
      [inProjects, { overdue: true, sort: 'due_date_asc' }],
      [owner, { parent_id }],
      [owner, { parent_id, sort: 'title_asc' }],
      [owner, { top_level: true }],
      [owner, { top_level: true, sort: 'due_date_asc' }],
      [owner, { top_level: false, status: ['done'] }],
      [inProjects, { parent_id: shared }],
      [inProjects, { top_level: true }],
      [inProjects, { personal: false }],
      [inProjects, { assignee_id: 'none' }]
    ]
    for (const [who, query] of queries) {
      await checkPlans(t, db, who, query)
    }
    // Some have been moved, and some of those near the ends.
    await db.execute(sql`
      UPDATE tasks SET position = 'l' || lpad(to_hex(abs(hashtext(id::text))), 12, '0') || '8'
      WHERE abs(hashtext(id::text)) % 10 = 0`)
    await db.execute(sql`vacuum analyze tasks`)
    const [project] = await executeRows<{ id: string }>(db, sql`SELECT id FROM projects LIMIT 1`)
    for (const sort of ['position_asc', 'position_desc'] as const) {
      const inOrder: [Caller, TaskListQuery][] = [
        [owner, { sort, personal: true }],
        [manager, { sort, personal: true, owner_id: owner.id }],
        [inProjects, { sort, project_id: [project?.id ?? ''] }],
        [owner, { sort, personal: true, status: ['todo', 'done'] }],
        [owner, { sort, personal: true, q: 'common' }]
      ]
      for (const [who, query] of inOrder) {
        await checkPlans(t, db, who, query)
        if (query.q === undefined) {
          t.same((await explain(db, who, query)).indexes, ['tasks_list_position'])
        }
      }
    }
  }
)

const labelOf = ({ role }: Caller, query: TaskListQuery): string => {
  const { owner_id, assignee_id, parent_id, ...shown } = query
  const named = {
    ...(assignee_id && { assignee_id: 'me' }),
    ...(parent_id && { parent_id: 'one' })
  }
  return `${role} ${JSON.stringify({ ...shown, ...named })}`
}

/** Asserts what the first and the last page of a list read. */
async function checkPlans(t: Test, db: Db, who: Caller, query: TaskListQuery): Promise<void> {
  const nearEnd = await positionNearEnd(db, who, query)
  const first = await explain(db, who, query)
  const last = await explain(db, who, query, nearEnd)
  const label = labelOf(who, query)
  const isCustom = needsCustomPlan(conditionsOf(query))
  // Only pages of many lists are sorted, of which one has as many rows as it shows.
  const isMerged = 'lists' in (await visibleTasks(db, who, query)).values
  const most = (isCustom ? 1000 : MAX_READ) * (isMerged ? 4 : 1)
  for (const [page, { scans, sorted, read }] of Object.entries({ first, last })) {
    t.notOk(scans.includes('Seq Scan'), `${label}, ${page} page: no sequential scan`)
    t.ok(sorted <= 1000, `${label}, ${page} page: sorts ${sorted} rows`)
    // Branches in the order of the list are merged. Only due dates come in two ranges that must be sorted together.
    if (isPlain(query) && !isMerged) {
      t.equal(sorted, 0, `${label}, ${page} page: sorts nothing`)
    }
    t.ok(read <= most, `${label}, ${page} page: reads ${read} rows`)
  }
  if (isCustom) {
    const most = mostOfHeadScan(query, isMerged)
    for (const after of [undefined, nearEnd]) {
      checkHeadScan(t, label, await explain(db, who, query, after, prepareHeadScan), most)
    }
  }
  if (isPlain(query)) {
    t.ok(
      last.blocks <= first.blocks + MORE_BLOCKS,
      `${label}: the last page touches ${last.blocks} blocks, the first one ${first.blocks}`
    )
  }
}

/** A page of a word that each task has ends the scan; for others it may read all that it is allowed to. */
const mostOfHeadScan = ({ q, sort }: TaskListQuery, isMerged: boolean): number =>
  q === 'common' && !isMerged && !sort?.startsWith('due_date')
    ? MAX_READ
    : MAX_RANGES * (HEAD_SCAN_ROWS + 1) * (isMerged ? 2 : 1)

/** Asserts what is read by the scan of the first rows, which looks there for a page of a search. */
function checkHeadScan(
  t: Test,
  label: string,
  { scans, sorted, read }: Awaited<ReturnType<typeof explain>>,
  most: number
): void {
  t.notOk(
    scans.includes('Seq Scan') || scans.some((scan) => scan.startsWith('Bitmap')),
    `${label}: a head scan reads rows in order`
  )
  t.ok(Math.max(sorted, read) <= most, `${label}: a head scan reads ${read} rows, sorts ${sorted}`)
}

const PLAIN_FILTERS = ['scope', 'owner_id', 'project_id', 'personal']

/** True for the usual lists: any sort for which every task has a key, and at most one state. */
const isPlain = ({ sort = 'created_at_desc', status, ...filter }: TaskListQuery): boolean =>
  !sort.startsWith('due_date') &&
  (status?.length ?? 1) === 1 &&
  Object.entries(filter).every(([name, value]) => PLAIN_FILTERS.includes(name) && value !== false)

type Db = Parameters<typeof prepareRows>[0]

/** Returns what the statement of a page does. A statement that stays prepared is explained by its generic plan. */
async function explain(
  db: Db,
  who: Caller,
  query: TaskListQuery,
  after?: { sort_key: string | null; id: string },
  prepare?: typeof prepareHeadScan
) {
  const { text, values, isGeneric } = await statementOf(db, who, query, after, prepare)
  const plan = await db.transaction(async (tx) => {
    await tx.execute(
      sql.raw(
        `set local plan_cache_mode = ${isGeneric ? 'force_generic_plan' : 'force_custom_plan'}`
      )
    )
    await tx.execute(sql.raw(`prepare page as ${text}`))
    const [row] = await executeRows<{ 'QUERY PLAN': [{ Plan: Plan }] | string }>(
      tx as unknown as Db,
      sql.raw(
        `explain (analyze, buffers, timing off, format json) execute page(${values.map(literal).join(', ')})`
      )
    )
    await tx.execute(sql`deallocate page`)
    const json = row?.['QUERY PLAN']
    return (typeof json === 'string' ? JSON.parse(json) : json)[0].Plan as Plan
  })
  const found = {
    scans: [] as string[],
    indexes: [] as string[],
    sorted: 0,
    read: 0,
    blocks: plan['Shared Hit Blocks'] + plan['Shared Read Blocks']
  }
  const visit = (node: Plan): void => {
    if (/Scan$/.test(node['Node Type']) && node['Node Type'] !== 'Subquery Scan') {
      found.scans.push(node['Node Type'])
      found.indexes.push(...(node['Index Name'] === undefined ? [] : [node['Index Name']]))
      if (node['Relation Name']) {
        found.read +=
          (node['Actual Rows'] +
            (node['Rows Removed by Filter'] ?? 0) +
            (node['Rows Removed by Index Recheck'] ?? 0)) *
          node['Actual Loops']
      }
    }
    if (node['Node Type'].endsWith('Sort')) {
      found.sorted += Math.max(...(node.Plans ?? []).map((child) => child['Actual Rows']))
    }
    node.Plans?.forEach(visit)
  }
  visit(plan)
  return found
}

async function statementOf(
  db: Db,
  who: Caller,
  query: TaskListQuery,
  after?: { sort_key: string | null; id: string },
  prepare?: typeof prepareHeadScan,
  limit = LIMIT + 1
) {
  const { sort = 'created_at_desc', ...filter } = query
  const conditions = conditionsOf(filter)
  const isSearch = prepare === undefined && needsCustomPlan(conditions)
  const visible = await visibleTasks(db, who, filter, {
    isSearch,
    isOneList: isByPosition(sort)
  })
  const list = {
    sort,
    branches: visible.branches,
    conditions,
    after: afterOf(after)
  }
  const built = prepare
    ? prepare(
        db,
        list,
        'head',
        Math.floor((4 * HEAD_SCAN_ROWS) / Math.max(4, visible.lists))
      ).getQuery()
    : prepareRows(db, list, undefined).getQuery()
  const values = Object.assign(
    { ...visible.values, limit, ...after },
    ...conditions.map((c) => c.values)
  )
  return {
    text: built.sql,
    values: fillPlaceholders(built.params, values),
    // No list of subtasks stays prepared: each is planned for its values.
    isGeneric: prepare !== undefined || !(needsCustomPlan(conditions) || filter.parent_id)
  }
}

/** Returns where the page before the last one ends. */
async function positionNearEnd(
  db: Db,
  who: Caller,
  query: TaskListQuery
): Promise<{ sort_key: string | null; id: string }> {
  const { text, values } = await statementOf(db, who, query, undefined, undefined, 10_000_000)
  const filled = text.replace(/\$(\d+)/g, (_, n) => literal(values[Number(n) - 1]))
  const rows = await executeRows<{ sort_key: string | null; id: string }>(
    db,
    sql.raw(
      `SELECT sort_key::text, id::text
      FROM (${filled}) AS page
      OFFSET greatest(0, (SELECT count(*) FROM (${filled}) AS counted) - ${LIMIT + 1})
      LIMIT 1`
    )
  )
  return rows[0] as { sort_key: string | null; id: string }
}

const literal = (value: unknown): string =>
  typeof value === 'number' ? String(value) : `'${String(value).replaceAll("'", "''")}'`

function afterOf(position: { sort_key: string | null } | undefined): 'start' | 'key' | 'null' {
  if (position === undefined) {
    return 'start'
  }
  return position.sort_key === null ? 'null' : 'key'
}
