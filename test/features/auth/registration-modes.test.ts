import t from 'tap'
import { readConfig } from '../../../src/config.ts'
import { users } from '../../../src/db/tables/users.ts'
import { auditEntries } from '../../support/audit-log.ts'
import { secondInstance } from '../../support/second-instance.ts'
import { createTestApp, PASSWORD } from '../../support/test-app.ts'

const { database, db, config, signUp } = await createTestApp(t)
const ann = await signUp('user', 'ann')
type Instance = Awaited<ReturnType<typeof secondInstance>>
const post = (ask: Instance, path: string, payload: object) =>
  ask({ method: 'POST', url: `/api/v1/auth/${path}`, payload })

for (const [mode, wayIn] of [
  ['invite', /invitation/],
  ['closed', /administrator/]
] as const) {
  t.test(`with REGISTRATION=${mode}, a stranger gets no account and learns how to`, async (t) => {
    const ask = await secondInstance(t, { database, config: { ...config, REGISTRATION: mode } })
    const before = await db.$count(users)
    for (const person of [
      { username: 'eve' },
      { email: 'eve@example.com' },
      // What is taken stays unknown to whoever may not sign up.
      { username: 'ann' }
    ]) {
      const response = await post(ask, 'register', { ...person, password: PASSWORD })
      t.match(response.json(), { status: 403, code: 'registration_closed', detail: wayIn })
      t.notMatch(response.body, '"errors"')
    }
    t.equal(await db.$count(users), before)
    t.match((await auditEntries(db)).at(-1), {
      action: 'user.registered',
      outcome: 'refused',
      actor_id: null
    })
  })

  t.test(`with REGISTRATION=${mode}, existing accounts log in and stay logged in`, async (t) => {
    const ask = await secondInstance(t, { database, config: { ...config, REGISTRATION: mode } })
    const login = await post(ask, 'login', { username: 'ann', password: PASSWORD })
    t.equal(login.statusCode, 200)
    const { refresh_token } = login.json()
    t.equal((await post(ask, 'refresh', { refresh_token })).statusCode, 200)
    const form = await ask({
      method: 'POST',
      url: '/api/v1/auth/token',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      payload: new URLSearchParams({
        grant_type: 'password',
        username: 'ann',
        password: PASSWORD
      }).toString()
    })
    t.equal(form.statusCode, 200)
    const headers = { authorization: `Bearer ${ann.access_token}` }
    t.equal((await ask({ url: '/api/v1/me', headers })).statusCode, 200)
  })
}

t.test('registration is open outside production and by invitation in production', async (t) => {
  const production = {
    NODE_ENV: 'production',
    JWT_SECRET: 'kX2n8Qw5Zr7Tb1Yv4Uc9Em3Ja6Lo0PdHs',
    DATABASE_URL: 'postgres://db.internal/tasklane',
    EMAIL_ENABLED: 'off'
  }
  const modeOf = (env: Record<string, string>) => readConfig(env).REGISTRATION
  t.equal(modeOf({}), 'open')
  t.equal(modeOf({ NODE_ENV: 'test' }), 'open')
  t.equal(modeOf(production), 'invite')
  for (const mode of ['open', 'invite', 'closed']) {
    t.equal(modeOf({ REGISTRATION: mode }), mode)
    t.equal(modeOf({ ...production, REGISTRATION: mode }), mode)
  }
  t.throws(
    () => modeOf({ REGISTRATION: 'off' }),
    /REGISTRATION must be one of open, invite, closed/
  )
})
