import t, { type Test } from 'tap'
import { call, logIn, runCommand, startServer } from '../support/command.ts'
import { createTestDatabase, serverUrl } from '../support/database.ts'
import { PASSWORD } from '../support/test-app.ts'

/** Creates a data directory and, on a server, a database. */
async function createInstallation(t: Test): Promise<{ cwd: string; env: Record<string, string> }> {
  const cwd = t.testdir()
  const database = serverUrl === undefined ? undefined : await createTestDatabase()
  t.teardown(() => database?.close())
  return { cwd, env: { DATA_DIR: cwd, ...(database?.url && { DATABASE_URL: database.url }) } }
}
const production = {
  NODE_ENV: 'production',
  JWT_SECRET: 'Vq8mC2xT5bN7zR1kW4yH6jL9pS3dF0gA',
  EMAIL_ENABLED: 'off'
}

t.test(
  'migrate and seed set up an empty installation once, and create-admin works at any time',
  async (t) => {
    const { cwd, env } = await createInstallation(t)
    const createAdmin = (input: string, ...args: string[]) =>
      runCommand(t, ['create-admin', ...args], { env, cwd, input })
    t.match(await runCommand(t, ['migrate'], { env, cwd }), {
      code: 0,
      stdout: 'The database is up to date.\n',
      stderr: ''
    })
    t.match(await runCommand(t, ['seed'], { env, cwd }), {
      code: 0,
      stdout: /admin\/admin123, user\/user123 and kim\/kim12345 with six tasks and a project/,
      stderr: ''
    })
    t.match(await runCommand(t, ['seed'], { env, cwd }), {
      code: 0,
      stdout: /already here/,
      stderr: ''
    })
    const created = await createAdmin(
      `${PASSWORD}\n`,
      '--username',
      'root',
      '--email',
      'Root@example.com'
    )
    t.match(created, { code: 0, stdout: 'Created admin root.\n', stderr: '' })
    const short = await createAdmin('short', '--username', 'other')
    t.match(short, { code: 1, stderr: /at least 8 characters/ })
    for (const { stdout, stderr } of [created, short]) {
      t.notMatch(stdout + stderr, /correct horse|\n +at /)
    }

    const { url, stop } = await startServer(t, env, cwd)
    const found = await Promise.all(
      [
        ['admin', 'admin123'],
        ['user', 'user123'],
        ['kim', 'kim12345'],
        ['root', PASSWORD]
      ].map(async ([name = '', password = '']) => {
        const token = await logIn(url, name, password)
        const { id, role, email } = (await call(`${url}/api/v1/me`, { token })).body
        const [project] = (await call(`${url}/api/v1/projects`, { token })).body.data
        const tasksIn = async (query: string) =>
          (await call(`${url}/api/v1/tasks?${query}`, { token })).body.data.length
        return {
          role,
          email,
          personal: await tasksIn('personal=true'),
          project: project && [
            project.name,
            project.role,
            await tasksIn(`project_id=${project.id}`)
          ],
          assigned: await tasksIn(`assignee_id=${id}`)
        }
      })
    )
    const shared = (as: string) => ['New website', as, 3]
    t.strictSame(found, [
      { role: 'admin', email: null, personal: 3, project: shared('owner'), assigned: 0 },
      { role: 'user', email: null, personal: 3, project: shared('owner'), assigned: 1 },
      { role: 'user', email: null, personal: 0, project: shared('editor'), assigned: 2 },
      { role: 'admin', email: 'root@example.com', personal: 0, project: undefined, assigned: 0 }
    ])
    const next = await call(`${url}/api/v1/auth/register`, {
      method: 'POST',
      body: { username: 'eve', password: PASSWORD }
    })
    t.equal(next.body.user.role, 'user', 'only the first account becomes admin')
    await stop('SIGKILL')
  }
)

t.test('users who are only called like the demo users are not taken for them', async (t) => {
  const { cwd, env } = await createInstallation(t)
  for (const username of ['admin', 'user']) {
    const made = await runCommand(t, ['create-admin', '--username', username], {
      env,
      cwd,
      input: `${PASSWORD}\n`
    })
    t.equal(made.code, 0)
  }
  const rejected = await runCommand(t, ['seed'], { env, cwd })
  t.match(rejected, { code: 1, stdout: '', stderr: /already has users/ })
  t.notMatch(rejected.stderr, /admin123/)
})

t.test('demo users are rejected in production, because their passwords are public', async (t) => {
  const rejected = await runCommand(t, ['seed'], {
    env: { ...production, DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' }
  })
  t.match(rejected, { code: 1, stdout: '', stderr: /rejected in production/ })
})

t.test('create-admin rejects missing and invalid names', async (t) => {
  for (const [args, words] of [
    [[], /--username, --email, or both/],
    [['--username', 'a@b'], /has up to 64 letters/],
    [['--email', 'nobody'], /An email looks like/]
  ] as const) {
    const rejected = await runCommand(t, ['create-admin', ...args], { input: PASSWORD })
    t.match(rejected, { code: 1, stdout: '', stderr: words }, args.join(' '))
  }
})
