import t from 'tap'
import { asQuery, foreign, imported, preview, tasksOf, worker } from '../../support/imports.ts'
import { createTestApp } from '../../support/test-app.ts'

const { signUp, db, config } = await createTestApp(t)
worker(t, { db, config })

/** Imports a file into an account of its own, after a look at it; returns the tags of its tasks by their titles. */
async function importInto(file: string | Buffer, query = '') {
  const ann = await signUp()
  const shown = await preview(ann, file, { query })
  const done = await imported(ann, file, { query })
  const tags = Object.fromEntries((await tasksOf(ann)).map((task) => [task.title, task.tags]))
  t.strictSame(
    Object.fromEntries(shown.tasks.map((task) => [task.title, task.tags])),
    tags,
    'a preview shows the same tags'
  )
  t.strictSame(done.warnings, shown.warnings)
  return { done, shown, tags }
}
const codesOf = ({ warnings }: { warnings: { code: string }[] }) => warnings.map(({ code }) => code)

const TODOIST = 'TYPE,CONTENT,PRIORITY,INDENT\n'
const TICKTICK = '"List Name","Title","Tags","Content","Is Check list","Column Name"\n'
const ASANA = 'Task ID,Completed At,Name,Section/Column,Tags\n'
const PLANNER = 'Task Name,Bucket Name,Progress,Labels\n'

t.test('Todoist: a section is a tag of the tasks below it, until the next one', async (t) => {
  const { done, tags } = await importInto(foreign('todoist-template'))
  t.strictSame(tags, {
    'Rake the leaves': ['home', 'Garden'],
    'Buy soil, 40 l': ['Garden'],
    'Sub task of soil': ['Garden']
  })
  t.match(done, { rows_imported: 3, rows_skipped: 2 })
  const file =
    `${TODOIST}task,None yet,4,1\nsection,Garden,,\ntask,Rake @Garden,4,1\ntask,Below,4,2\n` +
    'section,In progress,,\ntask,Under a state,4,1\nsection,,,\ntask,None again,4,1\n'
  t.strictSame((await importInto(file)).tags, {
    'None yet': [],
    Rake: ['Garden'],
    Below: ['Garden'],
    'Under a state': ['In progress'],
    'None again': []
  })
})

t.test(
  'TickTick and Planner: columns and buckets are tags, beside those of the task',
  async (t) => {
    const ticktick = await importInto(
      `${TICKTICK}x,Bake,"home, sweet",,N,Kitchen\nx,Mow,Garden,,N,Garden\nx,Ring,,,N,\n` +
        'x,Wait,,,N,Not Sectioned\n'
    )
    t.strictSame(ticktick.tags, {
      Bake: ['home', 'sweet', 'Kitchen'],
      Mow: ['Garden'],
      Ring: [],
      Wait: []
    })
    t.notOk(ticktick.done.ignored_columns.includes('Column Name'))
    const planner = await importInto(`${PLANNER}Mow,Garden,Completed,a;b\nRing,,Not started,\n`)
    t.strictSame(planner.tags, { Mow: ['a', 'b', 'Garden'], Ring: [] })
    t.strictSame(planner.done.ignored_columns, [])
    t.ok(
      planner.shown.columns.some(({ name, field }) => name === 'Bucket Name' && field === 'tags')
    )
  }
)

t.test('Asana: a section that says no state is a tag', async (t) => {
  const { tags } = await importInto(
    `${ASANA}1,,Cook,Kitchen,party\n2,,Doing it,In progress,\n3,2026-01-09,Did it,Done,\n` +
      '4,,Loose,Untitled section,\n5,,Looser,(no section),\n'
  )
  t.strictSame(tags, {
    Cook: ['party', 'Kitchen'],
    'Doing it': [],
    'Did it': [],
    Loose: [],
    Looser: []
  })
})

t.test('the name of a section is made a tag that is valid', async (t) => {
  const long = `${'Ö'.repeat(49)}🌱 and more`
  const { tags, done } = await importInto(
    `${PLANNER}Bar, House|Garden ,,\nLines,"House\nand garden",,\nLong,${long},,\nNothing,\u200b,,\n` +
      'Turned,\u202egarden,,\n'
  )
  t.strictSame(tags, {
    Bar: ['House/Garden'],
    Lines: ['House and garden'],
    Long: [`${'Ö'.repeat(49)}🌱`],
    Nothing: [],
    Turned: []
  })
  t.equal(done.rows_rejected, 0)
  t.strictSame(codesOf(done).sort(), ['sections_cut', 'sections_not_kept'])
})

t.test('a task that has all the tags it may have keeps them, and that is told', async (t) => {
  const labels = (count: number) => Array.from({ length: count }, (_, i) => `t${i}`).join(';')
  const { tags, done } = await importInto(
    `${PLANNER}Full,Garden,,${labels(20)}\nRoom,Garden,,${labels(19)}\n` +
      `Twice,Garden,,${labels(19)};t0\nHas it,t7,,${labels(20)}\n`
  )
  t.strictSame(tags, {
    Full: labels(20).split(';'),
    Room: [...labels(19).split(';'), 'Garden'],
    Twice: [...labels(19).split(';'), 'Garden'],
    'Has it': labels(20).split(';')
  })
  t.equal(done.rows_rejected, 0)
  t.strictSame(codesOf(done), ['sections_not_kept'])
})

t.test('what the sender says of the column of sections goes before', async (t) => {
  const file = `${PLANNER}Mow,Garden,Completed,a\n`
  const ignored = await importInto(file, asQuery({ 'Bucket Name': null }))
  t.strictSame(ignored.tags, { Mow: ['a'] })
  t.strictSame(ignored.done.ignored_columns, ['Bucket Name'])
  const project = await importInto(file, asQuery({ 'Bucket Name': 'project' }))
  t.strictSame(project.tags, { Mow: ['a'] })
  t.match(project.shown.projects, [{ name: 'Garden' }])
})

t.test('a column of ours counts beside sections', async (t) => {
  const file = 'Task Name,Bucket Name,Progress,Tags\nMow,Garden,Completed,a|b\n'
  t.strictSame((await importInto(file)).tags, { Mow: ['a', 'b', 'Garden'] })
})
