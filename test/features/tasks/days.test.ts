import { sql } from 'drizzle-orm'
import t from 'tap'
import { createTestApp, type Person } from '../../support/test-app.ts'

const { signUp, db } = await createTestApp(t)

const titles = async (who: Person, query: Record<string, string>): Promise<string> => {
  const response = await who.get(`/api/v1/tasks?${new URLSearchParams(query)}`)
  return response
    .json()
    .data.map((task: { title: string }) => task.title)
    .sort()
    .join(' ')
}

t.test('a date ends with its day in UTC before, and begins with it after', async (t) => {
  const ann = await signUp()
  for (const [title, due_date] of [
    ['a', '2026-03-29T23:59:59.999Z'],
    ['b', '2026-03-30T00:00:00Z'],
    ['c', '2026-03-30T23:59:59.999Z'],
    ['d', '2026-03-31T00:00:00Z'],
    ['day', '2026-03-30']
  ] as const) {
    await ann.create({ title, due_date })
  }
  t.equal(await titles(ann, { due_before: '2026-03-29' }), 'a')
  t.equal(await titles(ann, { due_after: '2026-03-31' }), 'd')
  t.equal(await titles(ann, { due_after: '2026-03-30', due_before: '2026-03-30' }), 'b c day')
  t.equal(await titles(ann, { due_before: '2026-03-30T23:59:59.999Z' }), 'a b', 'a time is exact')
  t.equal(await titles(ann, { due_after: '0001-01-01', due_before: '9999-12-31' }), 'a b c d day')
  const stats = await ann.get('/api/v1/task-stats?due_after=2026-03-30&due_before=2026-03-30')
  t.equal(stats.json().total, 3)
  const file = await ann.get('/api/v1/task-exports/csv?due_after=2026-03-31')
  t.equal(file.body.split('\r\n').length, 3, 'a header and one task')
})

t.test('days have the length that they have in the time zone', async (t) => {
  const ann = await signUp()
  const zones: [time_zone: string, day: string, first: string, next: string][] = [
    ['Europe/Berlin', '2026-03-29', '2026-03-28T23:00:00Z', '2026-03-29T22:00:00Z'],
    ['Europe/Berlin', '2026-10-25', '2026-10-24T22:00:00Z', '2026-10-25T23:00:00Z'],
    ['europe/berlin', '2026-07-01', '2026-06-30T22:00:00Z', '2026-07-01T22:00:00Z'],
    ['America/Los_Angeles', '2026-11-01', '2026-11-01T07:00:00Z', '2026-11-02T08:00:00Z'],
    ['Asia/Kathmandu', '2026-01-01', '2025-12-31T18:15:00Z', '2026-01-01T18:15:00Z'],
    ['Pacific/Kiritimati', '2026-01-01', '2025-12-31T10:00:00Z', '2026-01-01T10:00:00Z'],
    ['Africa/Cairo', '2026-04-24', '2026-04-23T22:00:00Z', '2026-04-24T21:00:00Z'],
    ['America/Havana', '2026-11-01', '2026-11-01T04:00:00Z', '2026-11-02T05:00:00Z'],
    ['Pacific/Apia', '2011-12-29', '2011-12-29T10:00:00Z', '2011-12-30T10:00:00Z'],
    ['Pacific/Apia', '2011-12-31', '2011-12-30T10:00:00Z', '2011-12-31T10:00:00Z'],
    ['America/St_Johns', '2010-11-07', '2010-11-07T02:30:00Z', '2010-11-08T03:30:00Z']
  ]
  for (const [time_zone, day, first, next] of zones) {
    const ms = (text: string, by: number) => new Date(Date.parse(text) + by).toISOString()
    const tag = `${time_zone} ${day}`
    for (const [title, due_date] of [
      ['before', ms(first, -1)],
      ['first', first],
      ['last', ms(next, -1)],
      ['next', next]
    ] as const) {
      await ann.create({ title, due_date, tags: [tag] })
    }
    const of = (query: object) => titles(ann, { tag, time_zone, ...query })
    t.equal(await of({ due_after: day, due_before: day }), 'first last', tag)
    t.equal(await of({ due_after: day }), 'first last next', tag)
    t.equal(await of({ due_before: day }), 'before first last', tag)
  }
  const skipped = { time_zone: 'Pacific/Apia', due_after: '2011-12-30', due_before: '2011-12-30' }
  t.equal(await titles(ann, skipped), '', 'a day that was skipped has no moment')
})

t.test('the times of creation and change are compared with days as well', async (t) => {
  const ann = await signUp()
  const [a, b] = [await ann.create({ title: 'a' }), await ann.create({ title: 'b' })]
  const set = (task: { id: string }, at: string) =>
    db.execute(
      sql`UPDATE tasks SET created_at = ${at}, updated_at = ${at} WHERE owner_id = ${ann.user.id} AND id = ${task.id}`
    )
  await set(a, '2026-06-30T21:59:59.999Z')
  await set(b, '2026-06-30T22:00:00Z')
  const berlin = { time_zone: 'Europe/Berlin' }
  for (const name of ['created', 'updated']) {
    t.equal(await titles(ann, { [`${name}_after`]: '2026-07-01', ...berlin }), 'b')
    t.equal(await titles(ann, { [`${name}_before`]: '2026-06-30', ...berlin }), 'a')
    t.equal(await titles(ann, { [`${name}_before`]: '2026-06-30T22:00:00Z' }), 'a')
    t.equal(await titles(ann, { [`${name}_before`]: '2026-06-30' }), 'a b')
  }
})

t.test('an all-day task is due on its day in every zone', async (t) => {
  const ann = await signUp()
  for (const day of ['2026-12-30', '2026-12-31', '2027-01-01']) {
    await ann.create({ title: day, due_date: day })
  }
  for (const time_zone of [
    'America/Los_Angeles',
    'Europe/Berlin',
    'Asia/Tokyo',
    'Pacific/Kiritimati',
    'UTC'
  ]) {
    const of = (query: object) => titles(ann, { time_zone, ...query })
    const day = '2026-12-31'
    t.equal(await of({ due_after: day, due_before: day }), day, time_zone)
    t.equal(await of({ due_before: day }), '2026-12-30 2026-12-31', time_zone)
    t.equal(await of({ due_after: day }), '2026-12-31 2027-01-01', time_zone)
  }
  // At this moment it is 31 December in Los Angeles and 1 January in Tokyo.
  const moment = '2027-01-01T04:00:00Z'
  const due_before = { due_before: moment }
  t.equal(await titles(ann, { ...due_before, time_zone: 'Asia/Tokyo' }), '2026-12-30 2026-12-31')
  t.equal(await titles(ann, { ...due_before, time_zone: 'America/Los_Angeles' }), '2026-12-30')
  t.equal(await titles(ann, due_before), '2026-12-30 2026-12-31', 'without a zone, UTC')
})

t.test('an all-day task is overdue when its day has ended in the time zone', async (t) => {
  const ann = await signUp()
  const hour = 3_600_000
  const today = (offset: number) => new Date(Date.now() + offset * hour).toISOString().slice(0, 10)
  const dayBefore = (day: string) =>
    new Date(Date.parse(day) - 24 * hour).toISOString().slice(0, 10)
  for (const [time_zone, offset] of [
    ['Etc/GMT+12', -12],
    ['UTC', 0],
    ['Pacific/Kiritimati', 14]
  ] as const) {
    const day = today(offset)
    const tag = time_zone
    await ann.create({ title: 'yesterday', due_date: dayBefore(day), tags: [tag] })
    await ann.create({ title: 'today', due_date: day, tags: [tag] })
    await ann.create({ title: 'done', due_date: dayBefore(day), status: 'done', tags: [tag] })
    await ann.create({ title: 'past', due_date: '2020-01-01T00:00:00Z', tags: [tag] })
    await ann.create({ title: 'none', tags: [tag] })
    if (today(offset) === day) {
      const of = (query: object) => titles(ann, { tag, time_zone, ...query })
      t.equal(await of({ overdue: 'true' }), 'past yesterday', time_zone)
      t.equal(await of({ overdue: 'false' }), 'done none today', time_zone)
      const query = new URLSearchParams({ tag, time_zone })
      t.equal((await ann.get(`/api/v1/task-stats?${query}`)).json().overdue, 2, time_zone)
    }
  }
})

t.test(
  'a cursor goes on under another spelling of the same days, and under no others',
  async (t) => {
    const ann = await signUp()
    await ann.create({ title: 'a', due_date: '2026-12-31' })
    await ann.create({ title: 'b', due_date: '2026-12-31' })
    const page = async (query: Record<string, string>) =>
      ann.get(`/api/v1/tasks?${new URLSearchParams({ limit: '1', ...query })}`)
    const cursorOf = async (query: Record<string, string>) =>
      (await page(query)).json().pagination.next_cursor
    const same: [Record<string, string>, Record<string, string>][] = [
      [{ due_after: '2026-12-31' }, { due_after: '2026-12-31T00:00:00Z' }],
      [{ due_before: '2026-12-31' }, { due_before: '2026-12-31', time_zone: 'UTC' }],
      [
        { created_after: '2020-01-01', time_zone: 'Europe/Berlin' },
        { created_after: '2019-12-31T23:00Z' }
      ],
      [
        { due_before: '2026-12-31', time_zone: 'Europe/Berlin' },
        { due_before: '2026-12-31T23:00:00Z', time_zone: 'europe/berlin' }
      ],
      [{}, { time_zone: 'Asia/Tokyo' }]
    ]
    for (const [first, second] of same) {
      const next = await page({ ...second, cursor: await cursorOf(first) })
      t.match(next, { statusCode: 200 }, JSON.stringify(second))
      t.equal(next.json().data.length, 1)
    }
    const others: [Record<string, string>, Record<string, string>][] = [
      [{ due_after: '2026-12-31' }, { due_after: '2026-12-31', time_zone: 'Asia/Tokyo' }],
      [
        { due_before: '2026-12-31', time_zone: 'Europe/Berlin' },
        { due_before: '2026-12-31T23:00:00Z' }
      ],
      [{ overdue: 'false' }, { overdue: 'false', time_zone: 'Asia/Tokyo' }]
    ]
    for (const [first, second] of others) {
      const next = await page({ ...second, cursor: await cursorOf(first) })
      t.match(next.json(), { errors: [{ code: 'bad_cursor' }] }, JSON.stringify(second))
    }
  }
)

t.test('an unknown time zone is a 400 that names the nearest one', async (t) => {
  const ann = await signUp()
  const zones: [name: string, code: string, detail: RegExp][] = [
    ['Europe/Berlni', 'unknown_value', /did you mean Europe\/Berlin\?/],
    ['berlin', 'unknown_value', /did you mean Europe\/Berlin\?/],
    ['Kiritimati', 'unknown_value', /did you mean Pacific\/Kiritimati\?/],
    ['Middle/Earth', 'unknown_value', /such as Europe\/Berlin\./],
    ['+02:00', 'malformed', /such as Europe\/Berlin\./],
    ['', 'too_short', /time_zone/],
    ['constructor', 'unknown_value', /such as/]
  ]
  for (const [name, code, detail] of zones) {
    for (const path of ['tasks', 'task-stats', 'task-exports/csv']) {
      const response = await ann.get(`/api/v1/${path}?time_zone=${encodeURIComponent(name)}`)
      t.equal(response.statusCode, 400, `${path} ${name}`)
      t.match(response.json().errors, [{ in: 'query', pointer: '/time_zone', code, detail }])
    }
  }
  for (const name of ['Asia/Calcutta', 'Asia/Kolkata', 'US/Pacific', 'Etc/GMT+5', 'utc']) {
    const response = await ann.get(`/api/v1/tasks?time_zone=${encodeURIComponent(name)}`)
    t.equal(response.statusCode, 200, name)
  }
  for (const name of ['due_before', 'created_after', 'updated_before']) {
    const response = await ann.get(`/api/v1/tasks?${name}=2026-02-30`)
    t.match(response.json().errors, [{ pointer: `/${name}`, code: 'malformed' }])
  }
})
