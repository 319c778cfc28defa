import { readdirSync } from 'node:fs'
import t from 'tap'
import { call, logIn, runCommand, startServer } from '../support/command.ts'
import { createTestDatabase, serverUrl } from '../support/database.ts'
import { rows } from '../support/imports.ts'
import { PASSWORD } from '../support/test-app.ts'

const cwd = t.testdir({
  'odd.csv': 'title,status,colour\nGood,done,red\nBad,perhaps,\n',
  'many.csv': rows(1200),
  'no.csv': 'name;status\n',
  'dates.csv': 'id;title;Due Date;Who\n019f2f6e-7c1a-7bbb-8bbb-0123456789ab;Paint;04/05/2026;ann\n',
  'times.csv': 'title,due\nCall,2026-05-04 09:00\nMow,2026-05-04\n'
})
const database = serverUrl === undefined ? undefined : await createTestDatabase()
t.teardown(() => database?.close())
const env: Record<string, string> = {
  DATA_DIR: cwd,
  DRAIN_SECONDS: '0',
  ...(database?.url && { DATABASE_URL: database.url })
}
const run = (...args: string[]) => runCommand(t, ['import', ...args], { env, cwd })

t.test('an operator imports a file for a user and sees the result', async (t) => {
  await runCommand(t, ['create-admin', '--username', 'ann'], { env, cwd, input: PASSWORD })
  const dryRun = await run('odd.csv', '--user', 'ann', '--dry-run')
  t.match(dryRun, {
    code: 0,
    stdout: new RegExp(
      '\\[#{30}\\] 100 % {3}2 of 2 rows, 1 rejected\n' +
        'succeeded: 1 would be imported, 1 rejected; ignored columns: colour\n' +
        ' {2}row 2, status: status must be one of todo'
    )
  })
  t.match(await run('many.csv', '--user', 'ANN'), {
    code: 0,
    stdout: /1200 of 1200 rows, 0 rejected\nsucceeded: 1200 imported/
  })
  const server = await startServer(t, env, cwd)
  const token = await logIn(server.url, 'ann')
  t.equal((await call(`${server.url}/api/v1/task-stats`, { token })).body.total, 1200)
  t.match((await call(`${server.url}/api/v1/task-imports`, { token })).body.data, [
    { file_name: 'many.csv', rows_imported: 1200 },
    { file_name: 'odd.csv', dry_run: true }
  ])
  const { body: project } = await call(`${server.url}/api/v1/projects`, {
    method: 'POST',
    token,
    body: { name: 'Kitchen' }
  })
  t.equal((await server.stop('SIGTERM')).code, 0)
  const into = (id: string) => run('odd.csv', '--user', 'ann', '--project', id)
  t.match(await into(project.id), { code: 0, stdout: /succeeded: 1 imported, 1 rejected/ })
  t.match(await into('019f2f6e-7c1a-7bbb-8bbb-0123456789ab'), {
    code: 1,
    stderr: /not the id of a project that you can see/
  })
  t.match(await into('kitchen'), { code: 1, stderr: /--project must be the id of a project/ })
  const again = await startServer(t, env, cwd)
  const url = `${again.url}/api/v1/task-stats?project_id=${project.id}`
  t.equal((await call(url, { token: await logIn(again.url, 'ann') })).body.total, 1)
  t.equal((await again.stop('SIGTERM')).code, 0)
})

t.test('an operator previews a file, says how it is to be read, and imports it once', async (t) => {
  const dates = await run('dates.csv', '--user', 'ann', '--preview', '--date-order', 'dmy')
  t.match(JSON.parse(dates.stdout), {
    source: 'generic',
    delimiter: ';',
    tasks: [{ title: 'Paint', due_date: /^2026-05-04/ }]
  })
  const flags = ['--mapping', '{"Who": "tags"}', '--date-order', 'mdy']
  t.match(await run('dates.csv', '--user', 'ann', ...flags), {
    code: 0,
    stdout: /succeeded: 1 imported, 0 rejected\n/
  })
  t.match(await run('dates.csv', '--user', 'ann', ...flags, '--on-conflict', 'update'), {
    stdout: /succeeded: 0 imported, 1 skipped, 0 rejected/
  })
  t.match(await run('dates.csv', '--user', 'ann', '--on-conflict', 'replace'), {
    code: 1,
    stderr: /--on-conflict must be one of skip, update, error/
  })
  t.match(await run('dates.csv', '--user', 'ann', '--mapping', '{"Who": "tag"}'), {
    code: 1,
    stderr: /did you mean tags/
  })
  const zone = ['--time-zone', 'Europe/Berlin']
  const times = await run('times.csv', '--user', 'ann', '--preview', ...zone)
  t.match(JSON.parse(times.stdout).tasks, [
    { due_date: '2026-05-04T07:00:00.000Z', all_day: false },
    { due_date: '2026-05-04T23:59:59.999Z', all_day: true }
  ])
  t.match(await run('times.csv', '--user', 'ann', ...zone), { stdout: /succeeded: 2 imported/ })
  t.match(await run('times.csv', '--user', 'ann', '--time-zone', 'Berlin'), {
    code: 1,
    stderr: /did you mean Europe\/Berlin\?/
  })
})

t.test('a preview needs neither a user nor a database, and makes none', async (t) => {
  const elsewhere = t.testdir({ 'odd.csv': 'title,status,colour\nGood,done,red\n' })
  for (const [name, value] of [
    ['DATA_DIR', `${elsewhere}/data`],
    ['DATABASE_URL', 'postgres://nobody@127.0.0.1:1/none']
  ] as const) {
    const shown = await runCommand(t, ['import', 'odd.csv', '--preview'], {
      env: { [name]: value },
      cwd: elsewhere
    })
    t.match(shown, { code: 0, stderr: '' })
    t.match(JSON.parse(shown.stdout), { tasks: [{ title: 'Good' }], ignored_columns: ['colour'] })
  }
  t.strictSame(readdirSync(elsewhere), ['odd.csv'])
})

t.test('an import that cannot start prints one sentence', async (t) => {
  t.match(await run('no.csv', '--user', 'ann'), { code: 1, stderr: /needs a column title/ })
  t.match(await run('odd.csv', '--user', 'bob'), { code: 1, stderr: /There is no user bob\./ })
  t.match(await run('--user', 'ann'), { code: 1, stderr: /Set the file and the user/ })
  t.match(await run('odd.csv', 'many.csv', '--user', 'ann'), {
    code: 2,
    stderr: /takes no argument many\.csv/
  })
})

t.test('a file that cannot be read is said in one line, before anything is opened', async (t) => {
  const unreachable = { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' }
  const files: [file: string, words: string][] = [
    ['missing.csv', 'missing.csv cannot be read: there is no such file.'],
    ['odd.csv/below', 'odd.csv/below cannot be read: a part of its path is no directory.'],
    ['.', '. cannot be read: it is a directory.']
  ]
  for (const [file, words] of files) {
    for (const more of [[], ['--preview'], ['--dry-run']]) {
      const args = ['import', file, '--user', 'ann', ...more]
      const shown = { code: 1, stdout: '', stderr: `${words}\n` }
      t.strictSame(await runCommand(t, args, { env: unreachable, cwd }), shown)
    }
  }
})
