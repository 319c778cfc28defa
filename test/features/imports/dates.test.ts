import t from 'tap'
import {
  errorsOf,
  foreign,
  imported,
  preview,
  tasksOf,
  upload,
  worker
} from '../../support/imports.ts'
import { createTestApp } from '../../support/test-app.ts'

const { signUp, db, config } = await createTestApp(t)
worker(t, { db, config })

const END = 'T23:59:59.999Z'
/** Imports dates, each the title of its task; returns the due dates, and the codes of those that are rejected. */
async function dates(texts: string[], query = '') {
  const ann = await signUp()
  const file = `title,due\n${texts.map((text) => `"${text}","${text}"\n`).join('')}`
  const done = await imported(ann, file, { query })
  const due = new Map((await tasksOf(ann)).map((task) => [task.title, task.due_date]))
  const codes = new Map((await errorsOf(ann, done)).map(({ row, code }) => [row, code]))
  return { done, found: texts.map((text, i) => due.get(text) ?? codes.get(i + 1)) }
}

t.test(
  'a day beyond the twelfth tells the order of days and months for the whole file',
  async (t) => {
    t.strictSame((await dates(['04/05/2026', '31/12/2025', '1/2/2026'])).found, [
      `2026-05-04${END}`,
      `2025-12-31${END}`,
      `2026-02-01${END}`
    ])
    t.strictSame((await dates(['04/05/2026', '12/31/2025'])).found, [
      `2026-04-05${END}`,
      `2025-12-31${END}`
    ])
  }
)

t.test('where nothing tells the order, it is asked for and not guessed', async (t) => {
  const texts = ['04/05/2026', '05/05/2026']
  const { done, found } = await dates(texts)
  t.strictSame(found, ['ambiguous_date', `2026-05-05${END}`])
  t.match(done.warnings, [{ code: 'date_order_unknown', detail: /date_order=dmy/ }])
  t.strictSame((await dates(texts, '?date_order=dmy')).found, [
    `2026-05-04${END}`,
    `2026-05-05${END}`
  ])
  t.strictSame((await dates(texts, '?date_order=mdy')).found, [
    `2026-04-05${END}`,
    `2026-05-05${END}`
  ])
  const both = await dates(['31/12/2025', '12/31/2025', '01/02/2026'])
  t.strictSame(both.found, [`2025-12-31${END}`, `2025-12-31${END}`, 'ambiguous_date'])
  t.strictSame((await dates(['31/12/2025'], '?date_order=mdy')).found, ['malformed'])
  t.match((await upload(await signUp(), 'title\nx\n', { query: '?date_order=ymd' })).json(), {
    status: 400,
    errors: [{ in: 'query', pointer: '/date_order' }]
  })
})

t.test('a date with slashes tells the order also where a time follows it', async (t) => {
  for (const [day, time] of [
    [', 09:00', '09:00'],
    [', 9:00:00 AM', '09:00'],
    [' 09:00', '09:00'],
    ['T09:00', '09:00']
  ] as const) {
    const texts = [`31/01/2026${day}`, `05/04/2026${day}`]
    t.strictSame(
      (await dates(texts, '?time_zone=UTC')).found,
      [`2026-01-31T${time}:00.000Z`, `2026-04-05T${time}:00.000Z`],
      day
    )
    const [, ambiguous] = texts
    t.strictSame((await dates([`${ambiguous}`], '?time_zone=UTC')).found, ['ambiguous_date'], day)
  }
})

t.test('a late day beyond the twelfth does not change what was said before it', async (t) => {
  const early = Array.from({ length: 700 }, () => 'x,04/05/2026\n').join('')
  const ann = await signUp()
  const done = await imported(ann, `title,due\n${early}y,31/12/2025\n`, { query: '?dry_run=true' })
  t.match(done, { rows_imported: 1, rows_rejected: 700 })
})

t.test(
  'dates are known as programs and people write them, and anything else rejects the row',
  async (t) => {
    const known = {
      '2025-04-10': `2025-04-10${END}`,
      '31.12.2025': `2025-12-31${END}`,
      '2025/12/31': `2025-12-31${END}`,
      '20251231': `2025-12-31${END}`,
      '2025-4-1': `2025-04-01${END}`,
      'Dec 31, 2025': `2025-12-31${END}`,
      '31 December 2025': `2025-12-31${END}`,
      '31/Dec/25': `2025-12-31${END}`,
      '2025-12-31T17:00:00+0000': '2025-12-31T17:00:00.000Z',
      '2025-12-31 05:00 PM Z': '2025-12-31T17:00:00.000Z',
      '\u200e2025-04-10': `2025-04-10${END}`,
      '２０２５-04-10': `2025-04-10${END}`
    }
    t.strictSame((await dates(Object.keys(known))).found, Object.values(known))
    const unknown = [
      'tomorrow',
      '2025-W52-3',
      '2025-365',
      '45657',
      '1767139200',
      '0000-00-00',
      '2025-02-29',
      '31-12-2025',
      '31.02.2025',
      '13/13/2025',
      '2025-12-31T17:00:00 Europe/Berlin',
      '2025-12-31 25:00:00Z'
    ]
    t.strictSame(
      (await dates(unknown)).found,
      unknown.map(() => 'malformed')
    )
  }
)

t.test('every row of a file of many dates is imported or rejected', async (t) => {
  const ann = await signUp()
  const shown = await preview(ann, foreign('dates'))
  t.equal(shown.rows_total, 29)
  t.equal(shown.rows_valid + shown.rows_rejected, 29)
})
