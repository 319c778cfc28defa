import t, { type Test } from 'tap'
import { call, logIn, runCommand, startServer } from '../support/command.ts'
import { createTestDatabase, serverUrl } from '../support/database.ts'
import { PASSWORD } from '../support/test-app.ts'

const NEXT = 'another long passphrase'

/** Returns a function that runs `tasklane users` on an installation of its own. */
async function createInstallation(t: Test) {
  const cwd = t.testdir()
  const database = serverUrl === undefined ? undefined : await createTestDatabase()
  t.teardown(() => database?.close())
  const env = {
    DATA_DIR: cwd,
    FIRST_USER_ADMIN: 'false',
    REGISTRATION: 'closed',
    ...(database?.url && { DATABASE_URL: database.url })
  }
  const users = (line: string, input = '') =>
    runCommand(t, ['users', ...line.split(' ')], { env, cwd, input })
  return { cwd, env, users }
}

t.test('accounts are managed from the command line, and the audit log shows it', async (t) => {
  const { cwd, env, users } = await createInstallation(t)
  const succeeds = async (line: string, stdout: RegExp, input = '') => {
    const result = await users(line, input)
    t.match(result, { code: 0, stdout, stderr: '' }, line)
    t.notMatch(result.stdout, new RegExp(`${PASSWORD}|${NEXT}`))
  }
  const rejects = async (line: string, stderr: RegExp, input = '') =>
    t.match(await users(line, input), { code: 1, stdout: '', stderr }, line)

  await succeeds('create --username root --role admin', /^Created admin root\.\n$/, PASSWORD)
  await succeeds('create --email Ann@example.com --name Ann', /ann@example\.com/, `${PASSWORD}\n`)
  await rejects('create --username ROOT', /username or email exists|already exists/, PASSWORD)
  await rejects('create --username short', /at least 8/, 'short')
  await rejects('set-role root user', /last active admin/)
  await rejects('disable root', /last active admin/)
  await rejects('set-role nobody admin', /^There is no user nobody\.\n$/)
  await succeeds('set-role ANN@example.com manager', /enabled, as manager/)

  const first = await startServer(t, env, cwd)
  const login = await call(`${first.url}/api/v1/auth/login`, {
    method: 'POST',
    body: { email: 'ann@example.com', password: PASSWORD }
  })
  t.match(login.body.user, { role: 'manager', name: 'Ann', email_verified: true })
  const { access_token: token } = login.body
  if (serverUrl === undefined) {
    await first.stop('SIGTERM')
  }
  await succeeds('set-password ann@example.com', /All sessions have ended/, NEXT)
  await succeeds('create --username bob', /Created user bob/, PASSWORD)
  await succeeds('disable bob', /bob is disabled, as user/)
  await succeeds(
    'list',
    /\tbob\t-\t-\tuser\tdisabled\n.*\tann@example\.com\tAnn\tmanager\tenabled/s
  )
  await first.stop('SIGTERM')

  const { url, stop } = await startServer(t, env, cwd)
  t.equal((await call(`${url}/api/v1/me`, { token })).status, 401, 'its sessions have ended')
  const statusOf = async (body: object) =>
    (await call(`${url}/api/v1/auth/login`, { method: 'POST', body })).status
  t.equal(await statusOf({ email: 'ann@example.com', password: PASSWORD }), 401)
  t.equal(await statusOf({ email: 'ann@example.com', password: NEXT }), 200)
  t.equal(await statusOf({ username: 'bob', password: PASSWORD }), 401)
  const log = await call(`${url}/api/v1/admin/audit-log?limit=100`, {
    token: await logIn(url, 'root')
  })
  const byCommand = log.body.data
    .filter(({ request_id }: { request_id: string }) => request_id.startsWith('system:users-'))
    .map(({ action, actor_id, detail }: Record<string, string | null>) => [
      action,
      actor_id,
      detail
    ])
  t.strictSame(byCommand.reverse(), [
    ['user.created', null, 'admin'],
    ['user.created', null, 'user'],
    ['user.role_changed', null, 'user to manager'],
    ['user.password_changed', null, null],
    ['user.sessions_ended', null, '1'],
    ['user.created', null, 'user'],
    ['user.disabled', null, null]
  ])
  await stop('SIGKILL')
})

t.test('what cannot be understood changes nothing and says why', async (t) => {
  const cases: [line: string, words: RegExp][] = [
    ['dance', /users list \| create \| set-role/],
    ['create', /--username, --email, or both/],
    ['create --username a@b', /up to 64 letters/],
    ['create --username ann --role root', /A role is one of user, manager, admin/],
    ['set-role ann', /A role is one of/],
    ['set-role', /Name the user/],
    ['enable ann bob', /takes no argument bob/],
    ['list --role admin', /takes no --role/]
  ]
  for (const [line, stderr] of cases) {
    const result = await runCommand(t, ['users', ...line.split(' ')], { input: PASSWORD })
    t.match(result, { code: 1, stdout: '', stderr }, line)
  }
  t.match(await runCommand(t, ['users', '--help']), {
    code: 0,
    stdout: /list\|create\|set-role\|set-password/
  })
})

t.test('whoever the operator creates leaves nobody the place of the first admin', async (t) => {
  const { cwd, env, users } = await createInstallation(t)
  t.match(await users('create --username ann', PASSWORD), { code: 0 })
  t.match(await users('set-role ann admin'), { code: 0 })
  const open = { ...env, FIRST_USER_ADMIN: 'true', REGISTRATION: 'open' }
  const server = await startServer(t, open, cwd)
  const stranger = await call(`${server.url}/api/v1/auth/register`, {
    method: 'POST',
    body: { username: 'stranger', password: PASSWORD }
  })
  t.match(stranger.body.user, { role: 'user' })
  await server.stop('SIGTERM')
})

t.test('what was typed cannot move the cursor of a terminal', async (t) => {
  const { users } = await createInstallation(t)
  t.match(await users('disable x\x1b[31mred'), { code: 1, stderr: 'There is no user x?[31mred.\n' })
  t.match(await users('create --username --name'), { stderr: /--username needs a value/ })
})
