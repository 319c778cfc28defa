import t from 'tap'
import { v7 as uuidv7 } from 'uuid'
import { bodiesOn, commentsOn } from '../../support/comments.ts'
import {
  asQuery,
  errorsOf,
  foreign,
  imported,
  preview,
  tasksOf,
  worker
} from '../../support/imports.ts'
import { createTestApp } from '../../support/test-app.ts'

const { signUp, db, config } = await createTestApp(t)
worker(t, { db, config })

/** Imports a file into an account of its own, after a look at it; returns its tasks by their titles. */
async function importInto(file: string | Buffer, query = '') {
  const ann = await signUp()
  const shown = await preview(ann, file, { query })
  const done = await imported(ann, file, { query })
  const tasks = await tasksOf(ann)
  const on = (title: string) => tasks.find((task) => task.title === title) as { id: string }
  return { ann, shown, done, on, bodies: (title: string) => bodiesOn(ann, on(title)) }
}
const codesOf = ({ warnings }: { warnings: { code: string }[] }) => warnings.map(({ code }) => code)

const TODOIST = 'TYPE,CONTENT,PRIORITY,INDENT,AUTHOR,DATE,TIMEZONE\n'
const JIRA = 'Summary,Issue key,Issue Type,Status,Comment,Comment,Comment\n'

t.test('Todoist: a note is a comment on the task above, in the name of its author', async (t) => {
  const { ann, shown, done, on, bodies } = await importInto(foreign('todoist-template'))
  t.match(shown, { comments_total: 1, rows_skipped: 2, rows_rejected: 0 })
  t.match(done, { comments_created: 1, rows_imported: 3, rows_skipped: 2, rows_rejected: 0 })
  t.strictSame(await bodies('Buy soil, 40 l'), ['Jo wrote:\n\nthe shop opens at 9'])
  const [comment] = await commentsOn(ann, on('Buy soil, 40 l'))
  const [task] = (await tasksOf(ann)).filter(({ title }) => title === 'Buy soil, 40 l')
  t.match(task, { comment_count: 1, version: 1 })
  t.equal(comment?.author_id, task?.owner_id)
  t.strictSame(await bodies('Rake the leaves'), [])
})

t.test('Todoist: notes keep their order and date, and are on the nearest task above', async (t) => {
  const { ann, done, on, bodies } = await importInto(
    `${TODOIST}task,Top,4,1,,,\nnote,one,,,,2026-01-02 09:00,Europe/Berlin\nnote,"two\nlines",,,,,\n` +
      'task,Below,4,2,,,\nnote,three,,,Kim,every day,\nnote,four,,,,,\n'
  )
  t.match(done, { comments_created: 4, rows_rejected: 0 })
  t.strictSame(await bodies('Top'), ['one', 'two\nlines'])
  t.strictSame(await bodies('Below'), ['Kim wrote:\n\nthree', 'four'])
  t.equal((await commentsOn(ann, on('Top')))[0]?.created_at, '2026-01-02T08:00:00.000Z')
  t.ok(codesOf(done).includes('comment_dates_not_kept'))
})

t.test('Jira: every column of comments counts, with date and author', async (t) => {
  const sample = await importInto(foreign('jira-filter'))
  t.match(sample.shown, { comments_total: 1 })
  t.match(sample.done, { comments_created: 1 })
  t.notOk(sample.done.ignored_columns.includes('Comment'))
  t.ok(
    sample.shown.columns.some(({ name, field }) => name === 'Comment' && field === 'comment'),
    'a preview says what the column is'
  )
  t.match(await commentsOn(sample.ann, sample.on('Fix "login" page')), [
    { body: '557058:aa wrote:\n\nfirst', created_at: '2025-11-03T13:00:00.000Z' }
  ])
  const { done, bodies } = await importInto(
    `${JIRA}A,X-1,Task,Done,03/Nov/25 1:00 PM;kim;a;b,,"04/Nov/25 1:00 PM;;c\nd"\n` +
      'B,X-2,Task,Done,plain; text,,\n'
  )
  t.match(done, { comments_created: 3, rows_imported: 2 })
  t.strictSame(await bodies('A'), ['kim wrote:\n\na;b', 'c\nd'])
  t.strictSame(await bodies('B'), ['plain; text'])
})

t.test('a comment that cannot be taken is told, and loses no task', async (t) => {
  const long = 'x'.repeat(10_001)
  const todoist = await importInto(
    `${TODOIST}note,on nothing,,,,,\ntask,A,4,1,,,\nnote,${long},,,,,\nnote,,,,Jo,,\nnote,fits,,,,,\n` +
      `task,${'y'.repeat(201)},4,1,,,\nnote,on a rejected one,,,,,\n`
  )
  t.match(todoist.done, { rows_imported: 1, rows_rejected: 5, comments_created: 1 })
  t.match(todoist.shown, { rows_valid: 1, rows_rejected: 5, comments_total: 1 })
  t.strictSame(await todoist.bodies('A'), ['fits'])
  const told = await errorsOf(todoist.ann, todoist.done)
  t.match(told, [
    { row: 1, column: 'comment', code: 'unknown_task' },
    { row: 3, column: 'comment', code: 'too_long' },
    { row: 4, column: 'comment' },
    { row: 6, column: 'title' },
    { row: 7, column: 'comment', code: 'unknown_task' }
  ])
  t.strictSame(
    todoist.shown.errors.map(({ row, code }) => [row, code]),
    told.map(({ row, code }) => [row, code])
  )
  const jira = await importInto(`${JIRA}A,X-1,Task,Done,${long},fits,${long}\n`)
  t.match(jira.done, { rows_imported: 1, rows_rejected: 0, errors_total: 1, comments_created: 1 })
  t.match(await errorsOf(jira.ann, jira.done), [{ row: 1, column: 'comment', code: 'too_long' }])
  t.match(jira.shown.errors, [{ row: 1, column: 'comment', code: 'too_long' }])
})

t.test('a task takes as many comments as it may have, and the rest are counted', async (t) => {
  const notes = Array.from({ length: 1_003 }, (_, i) => `note,n${i},,,,,\n`).join('')
  const { ann, done } = await importInto(`${TODOIST}task,A,4,1,,,\n${notes}`)
  t.match(done, { rows_imported: 1, comments_created: 1_000 })
  t.match((await tasksOf(ann))[0], { comment_count: 1_000 })
  t.match(
    done.warnings.find(({ code }) => code === 'comments_not_imported'),
    { detail: /^3 / }
  )
})

t.test('importing rows with ids again doubles no comment, and a dry run adds none', async (t) => {
  const ann = await signUp()
  const bob = await signUp()
  const file = `UID,${JIRA}${uuidv7()},A,X-1,Task,Done,one,two,\n`
  const query = asQuery({ UID: 'id' })
  const dry = await imported(ann, file, { query: `${query}&dry_run=true` })
  t.match(dry, { rows_imported: 1, comments_created: 0 })
  t.match(await imported(ann, file, { query }), { comments_created: 2 })
  t.match(await imported(ann, `${file}\n`, { query }), { rows_skipped: 1, comments_created: 0 })
  t.match(await imported(bob, file, { query }), { comments_created: 2 })
  for (const who of [ann, bob]) {
    const [task] = await tasksOf(who)
    t.strictSame(await bodiesOn(who, task as { id: string }), ['one', 'two'])
  }
})

t.test('what mapping says of the column of comments goes before', async (t) => {
  const { done } = await importInto(`${JIRA}A,X-1,Task,Done,one,,\n`, asQuery({ Comment: null }))
  t.match(done, { comments_created: 0, errors_total: 0 })
  t.ok(done.ignored_columns.includes('Comment'))
})
