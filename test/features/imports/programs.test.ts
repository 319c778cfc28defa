import t from 'tap'
import { foreign, imported, preview, tasksOf, worker } from '../../support/imports.ts'
import { createTestApp } from '../../support/test-app.ts'
import { waitUntil } from '../../support/wait-until.ts'

const { signUp, db, config } = await createTestApp(t)
worker(t, { db, config })

const FIELDS = [
  'title',
  'description',
  'status',
  'priority',
  'due_date',
  'tags',
  'created_at',
  'completed_at'
]
/** Imports a file into an account of its own; returns the import and its tasks by title, with some of their fields. */
async function importInto(file: string | Buffer, query = '') {
  const ann = await signUp()
  const shown = await preview(ann, file, { query })
  t.equal((await tasksOf(ann)).length, 0, 'a preview creates nothing')
  const done = await imported(ann, file, { query })
  // Projects that the file has made are seen within a second.
  await waitUntil('the tasks', async () => (await tasksOf(ann)).length === done.rows_imported)
  t.equal(done.source, shown.source)
  t.strictSame(done.warnings, shown.warnings)
  t.strictSame(
    [done.rows_total, done.rows_imported, done.rows_skipped, done.rows_rejected],
    [shown.rows_total, shown.rows_valid, shown.rows_skipped, shown.rows_rejected]
  )
  const tasks = Object.fromEntries(
    (await tasksOf(ann)).map((task) => [
      task.title as string,
      Object.fromEntries(FIELDS.map((field) => [field, task[field]]))
    ])
  )
  return { done, shown, tasks }
}
const codesOf = ({ warnings }: { warnings: { code: string }[] }) => warnings.map(({ code }) => code)

t.test(
  'Todoist: 1 is the highest priority, labels are words of the title, sections are no tasks',
  async (t) => {
    const { done, tasks } = await importInto(foreign('todoist-template'))
    t.match(done, {
      source: 'todoist',
      rows_total: 5,
      rows_imported: 3,
      rows_skipped: 2,
      rows_rejected: 0
    })
    t.match(tasks, {
      'Rake the leaves': { priority: 'high', tags: ['home', 'Garden'], status: 'todo' },
      'Buy soil, 40 l': {
        priority: 'low',
        description: 'two bags\nbrown ones',
        due_date: '2026-04-10T23:59:59.999Z'
      },
      'Sub task of soil': { priority: 'medium', due_date: null }
    })
    t.strictSame(codesOf(done).sort(), ['date_not_kept', 'rows_not_tasks'])
    t.notOk(done.ignored_columns.includes('INDENT'))
  }
)

t.test('TickTick: lines before the header are passed over, and times are kept', async (t) => {
  const { done, shown, tasks } = await importInto(foreign('ticktick-backup'))
  t.match(done, { source: 'ticktick', rows_total: 2, rows_imported: 2 })
  t.match(tasks, {
    'Clean the oven': {
      priority: 'high',
      status: 'todo',
      tags: ['home', 'weekend'],
      description: 'with soda',
      due_date: '2026-03-01T08:00:00.000Z',
      created_at: '2026-02-01T10:00:00.000Z',
      completed_at: null
    },
    'Order filters': {
      priority: 'medium',
      status: 'done',
      description: '▪two\n▫three',
      due_date: null,
      created_at: '2026-02-02T10:00:00.000Z',
      completed_at: '2026-02-03T10:00:00.000Z'
    }
  })
  t.ok(shown.columns.some(({ name, field }) => name === 'Content' && field === 'description'))
  t.notOk(done.ignored_columns.includes('List Name'))
})

t.test('TickTick: a whole day is that day in the zone of the task', async (t) => {
  const file =
    '"List Name","Title","Content","Is Check list","Due Date","Timezone","Is All Day"\n' +
    'x,Berlin,,N,2026-03-01T23:00:00+0000,Europe/Berlin,true\n'
  t.match((await importInto(file)).tasks, { Berlin: { due_date: '2026-03-02T23:59:59.999Z' } })
})

t.test('TickTick: a whole day of a task without zone is that day in time_zone', async (t) => {
  const fileOf = (zone: string) =>
    '"List Name","Title","Content","Is Check list","Due Date","Timezone","Is All Day"\n' +
    `x,March,,N,2026-02-28T23:00:00+0000,${zone},true\n`
  const query = '?time_zone=Europe/Berlin'
  const given = await importInto(fileOf(''), query)
  t.match(given.tasks, { March: { due_date: '2026-03-01T23:59:59.999Z' } })
  t.strictSame(codesOf(given.done), [])
  const assumed = await importInto(fileOf(''))
  t.match(assumed.tasks, { March: { due_date: '2026-02-28T23:59:59.999Z' } })
  t.strictSame(codesOf(assumed.done), ['time_zone_assumed'])
  const misspelt = await importInto(fileOf('Europe/Berln'), query)
  t.match(misspelt.tasks, { March: { due_date: '2026-03-01T23:59:59.999Z' } })
  t.match(misspelt.done.warnings, [{ code: 'time_zone_unknown', detail: /“Europe\/Berln”/ }])
})

t.test('Todoist: a zone that there is not is told, and that of the file counts', async (t) => {
  const { done, tasks } = await importInto(
    'TYPE,CONTENT,PRIORITY,INDENT,DATE,TIMEZONE\ntask,Call,1,1,2026-02-28 09:00,Europe/Berln\n',
    '?time_zone=Europe/Berlin'
  )
  t.match(tasks, { Call: { due_date: '2026-02-28T08:00:00.000Z' } })
  t.strictSame(codesOf(done), ['time_zone_unknown'])
})

t.test('Trello: the list is the state or a tag, labels lose their colour', async (t) => {
  const { done, tasks } = await importInto(foreign('trello-board'))
  t.match(done, { source: 'trello', rows_imported: 2, rows_rejected: 0 })
  t.match(tasks, {
    'Paint the fence': {
      status: 'todo',
      tags: ['outside', 'weekend'],
      description: 'white, two coats',
      due_date: '2026-05-02T09:00:00.000Z'
    },
    'Call the plumber': { status: 'done', tags: [] }
  })
  const header = 'Card ID,Card Name,Labels,List Name,Archived,Due Complete\n'
  t.match(
    (await importInto(`${header}1,Doing it,,Doing,false,false\n2,Idea,x (red),Ideas,false,false\n`))
      .tasks,
    {
      'Doing it': { status: 'in_progress', tags: [] },
      Idea: { status: 'todo', tags: ['x', 'Ideas'] }
    }
  )
})

t.test('Asana: a date of completion is the state, and dates of creation are kept', async (t) => {
  const { done, tasks } = await importInto(foreign('asana-project'))
  t.match(done, { source: 'asana', rows_imported: 2, rows_rejected: 0 })
  t.match(tasks, {
    'Draft the invitation': {
      status: 'todo',
      priority: 'high',
      tags: ['party', 'paper'],
      description: 'Ask Kim first',
      due_date: '2026-03-31T23:59:59.999Z',
      created_at: '2026-01-02T00:00:00.000Z'
    },
    'Book the hall': {
      status: 'done',
      priority: 'medium',
      completed_at: '2026-01-09T00:00:00.000Z'
    }
  })
  t.notOk(done.ignored_columns.includes('Projects'))
})

t.test('Jira: every column of labels counts, and dates have names of months', async (t) => {
  const { done, tasks } = await importInto(foreign('jira-filter'))
  t.match(done, { source: 'jira', rows_imported: 2, rows_rejected: 0 })
  t.match(tasks, {
    'Fix "login" page': {
      status: 'in_progress',
      priority: 'high',
      tags: ['backend', 'urgent'],
      due_date: '2026-01-31T23:59:59.999Z',
      created_at: '2025-11-03T12:17:00.000Z'
    },
    'Write docs': { status: 'done', priority: 'low', due_date: null }
  })
  t.strictSame(codesOf(done), ['time_zone_assumed'])
  t.notOk(done.ignored_columns.includes('Comment'))
})

t.test('Outlook: in German and in English, with words for no date', async (t) => {
  const german = await importInto(foreign('outlook-tasks-de-cp1252'))
  t.match(german.done, { source: 'outlook', rows_imported: 1 })
  t.match(german.tasks, {
    'Müll rausbringen': { status: 'todo', priority: 'high', due_date: '2026-03-31T23:59:59.999Z' }
  })
  const english =
    '"Subject","Start Date","Due Date","Date Completed","% Complete","Categories","Notes","Priority","Status"\r\n' +
    '"Bins",,"12/31/2025","None","0","home;out","x","Low","Waiting on someone else"\r\n'
  t.match((await importInto(english)).tasks, {
    Bins: {
      status: 'in_progress',
      priority: 'low',
      tags: ['home', 'out'],
      due_date: '2025-12-31T23:59:59.999Z',
      completed_at: null
    }
  })
})

t.test('Planner, Microsoft To Do and Google Tasks are known by their columns', async (t) => {
  const planner =
    'Plan name,TestApp\nPlan ID,x1\n\n' +
    'Task ID,Task Name,Bucket Name,Progress,Priority,Created Date,Due Date,Completed Date,' +
    'Labels,Description\n1,Mow,Garden,Completed,Important,10/25/2025,,10/26/2025,a;b,high grass\n'
  const first = await importInto(planner)
  t.equal(first.done.source, 'planner')
  t.match(first.tasks, {
    Mow: {
      status: 'done',
      priority: 'high',
      tags: ['a', 'b', 'Garden'],
      completed_at: '2025-10-26T00:00:00.000Z'
    }
  })
  const toDo = await importInto(
    'Title,Status,Importance,Due Date,Body\nRing,notStarted,normal,2026-01-02,x\n'
  )
  t.equal(toDo.done.source, 'microsoft_to_do')
  t.match(toDo.tasks, { Ring: { status: 'todo', priority: 'medium', description: 'x' } })
  const google = await importInto(
    'tasklist,title,notes,status,due,completed\nx,Buy,n,needsAction,2026-01-02T00:00:00.000Z,\n' +
      'x,Done,,completed,,2026-01-03T10:00:00.000Z\n'
  )
  t.equal(google.done.source, 'google_tasks')
  t.match(google.tasks, {
    Buy: { status: 'todo', due_date: '2026-01-02T23:59:59.999Z' },
    Done: { status: 'done', completed_at: '2026-01-03T10:00:00.000Z' }
  })
})

t.test('names of ours count in a file that looks like that of a program', async (t) => {
  const day = '2026-01-02T23:59:59.999Z'
  const outlook = await importInto(
    'Subject,Start Date,Due Date,Status,Description,Tags,Priority\n' +
      'Bins,,2026-01-02,Not started,x,a|b,High\n'
  )
  t.match(outlook.done, { source: 'outlook', ignored_columns: ['Start Date'] })
  t.match(outlook.tasks, {
    Bins: { description: 'x', tags: ['a', 'b'], priority: 'high', due_date: day }
  })
  const toDo = await importInto(
    'title,description,status,importance,due_date\nRing,x,notStarted,high,2026-01-02\n'
  )
  t.match(toDo.done, { source: 'microsoft_to_do', ignored_columns: [] })
  t.match(toDo.tasks, { Ring: { description: 'x', priority: 'high', due_date: day } })
  const google = await importInto(
    'title,notes,status,due,completed,priority,tags,id\n' +
      'Buy,n,completed,2026-01-02,yes,low,a|b,0x1\nSell,,needsAction,,no,,,0x2\n'
  )
  t.match(google.done, { source: 'google_tasks', rows_imported: 2, ignored_columns: ['id'] })
  t.match(google.tasks, {
    Buy: { description: 'n', status: 'done', priority: 'low', tags: ['a', 'b'], due_date: day },
    Sell: { status: 'todo', priority: 'medium', tags: [], due_date: null }
  })
})

t.test('of two names of ours for a field that the program does not have, one counts', async (t) => {
  const { done, tasks } = await importInto(
    'Card ID,Card Name,List Name,notes,description\n1,Card,Doing,theirs,ours\n'
  )
  t.match(done, { source: 'trello', rows_imported: 1 })
  t.match(tasks, { Card: { description: 'ours' } })
  t.ok(done.ignored_columns.includes('notes'))
})

t.test('files of no known program say so', async (t) => {
  for (const name of ['generic-due-date-with-space', 'status-as-the-console-says', 'one-column']) {
    t.match((await importInto(foreign(name))).done, {
      source: 'generic',
      rows_rejected: 0,
      warnings: []
    })
  }
})
