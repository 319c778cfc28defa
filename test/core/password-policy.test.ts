import t from 'tap'
import { PRODUCTION } from '../support/production-env.ts'
import { createTestApp, PASSWORD } from '../support/test-app.ts'

const strict = await createTestApp(t, { env: { PASSWORD_BLOCKLIST: 'on' } })
const mild = await createTestApp(t)
let people = 0
const register = (
  { request }: typeof mild,
  password: string,
  person: object = { username: `p${++people}` }
) => request({ method: 'POST', url: '/api/v1/auth/register', payload: { ...person, password } })
const refusalOf = (response: Awaited<ReturnType<typeof register>>) => {
  const [fault] = response.json().errors ?? []
  return response.statusCode === 400 && fault?.pointer === '/password'
    ? fault.code
    : response.statusCode
}

t.test('a password has 8 to 128 characters, counted by code point', async (t) => {
  t.equal(refusalOf(await register(mild, 'seven77')), 'too_short')
  t.equal(refusalOf(await register(mild, '\u{1f600}'.repeat(7))), 'too_short')
  t.equal(refusalOf(await register(mild, 'x'.repeat(129))), 'too_long')
  t.equal((await register(mild, 'eight888')).statusCode, 201)
  const long = '\u{1f600}'.repeat(128)
  t.equal(
    (await register(mild, long, { username: 'long' })).statusCode,
    201,
    '128 characters of 4 bytes'
  )
  t.equal(
    (
      await mild.request({
        method: 'POST',
        url: '/api/v1/auth/login',
        payload: { username: 'long', password: long }
      })
    ).statusCode,
    200
  )
  t.equal(
    (
      await mild.request({
        method: 'POST',
        url: '/api/v1/auth/login',
        payload: { username: 'long', password: long.slice(0, -2) }
      })
    ).statusCode,
    401,
    'every one of them is counted'
  )
})

t.test('nothing is trimmed, cut or folded', async (t) => {
  const password = '  Correct horse  '
  await register(mild, password, { username: 'blanks' })
  const login = async (attempt: string) =>
    (
      await mild.request({
        method: 'POST',
        url: '/api/v1/auth/login',
        payload: { username: 'blanks', password: attempt }
      })
    ).statusCode
  t.equal(await login(password), 200)
  for (const other of [
    password.trim(),
    password.toLowerCase(),
    ` ${password}`,
    password.trimEnd()
  ]) {
    t.equal(await login(other), 401, JSON.stringify(other))
  }
})

t.test('an installation may require more characters', async (t) => {
  const { request } = await createTestApp(t, { env: { PASSWORD_MIN_LENGTH: '15' } })
  const response = await request({
    method: 'POST',
    url: '/api/v1/auth/register',
    payload: { username: 'ann', password: 'fourteen chars' }
  })
  t.match(response.json(), {
    status: 400,
    errors: [{ pointer: '/password', code: 'too_short', detail: /15/ }]
  })
  t.equal(
    (
      await request({
        method: 'POST',
        url: '/api/v1/auth/register',
        payload: { username: 'ann', password: 'fifteen chars!!' }
      })
    ).statusCode,
    201
  )
})

t.test(
  'common passwords are rejected where the blocklist is on, in any case, with the reason',
  async (t) => {
    for (const password of [
      'password',
      'PassWord1',
      '12345678',
      'qwertyuiop',
      'iloveyou1',
      'letmein1',
      'sunshine',
      'trustno1',
      'welcome1'
    ]) {
      t.equal(refusalOf(await register(strict, password)), 'weak_password', password)
    }
    t.match((await register(strict, 'password123')).json().errors[0].detail, /most common/)
    t.equal((await register(strict, PASSWORD)).statusCode, 201)
    t.equal(
      (await register(mild, 'password123')).statusCode,
      201,
      'where it is off, they are accepted'
    )
  }
)

t.test('in production the blocklist is on unless it is turned off', async (t) => {
  t.equal(
    refusalOf(await register(await createTestApp(t, { env: PRODUCTION }), 'password123')),
    'weak_password'
  )
  t.equal(
    (
      await register(
        await createTestApp(t, { env: { ...PRODUCTION, PASSWORD_BLOCKLIST: 'off' } }),
        'password123'
      )
    ).statusCode,
    201
  )
})

t.test('the blocklist has more than ten thousand passwords of sufficient length', async (t) => {
  const { readFileSync } = await import('node:fs')
  const list = readFileSync(new URL('../../src/core/common-passwords.txt', import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line && !/^#( |$)/.test(line))
  t.ok(list.length > 10_000)
  t.strictSame(
    list.filter((password) => [...password].length < 8 || password !== password.toLowerCase()),
    []
  )
  t.equal(new Set(list).size, list.length)
})

t.test(
  'the product name and a single repeated character are rejected where the blocklist is on',
  async (t) => {
    for (const password of [
      'tasklane',
      'Tasklane',
      'tasklane2026!',
      '1tasklane1',
      'TasklaneTasklane',
      'zzzzzzzzz',
      'AAAAaaaa',
      '\u00e9'.repeat(9)
    ]) {
      t.equal(refusalOf(await register(strict, password)), 'weak_password', password)
    }
    for (const password of ['my tasklane and my dog', 'zzzzzzzzy!', 'tasklanes are broad']) {
      t.equal((await register(strict, password)).statusCode, 201, password)
    }
  }
)

t.test("one's own username or email is rejected", async (t) => {
  const cases: [person: object, password: string][] = [
    [{ username: 'mary.shelley' }, 'Mary.Shelley'],
    [{ email: 'mary.wollstone@example.com' }, 'mary.wollstone'],
    [{ email: 'mary.wollstone@example.com' }, 'Mary.Wollstone@example.com'],
    [{ username: 'other', email: 'mary.wollstone@example.com' }, 'mary.wollstone']
  ]
  for (const [person, password] of cases) {
    t.equal(refusalOf(await register(strict, password, person)), 'weak_password', password)
    t.equal(
      refusalOf(await register(mild, password, person)),
      'weak_password',
      `${password}, also without the list`
    )
  }
  t.equal(
    refusalOf(await register(strict, 'mary.shelley1818!', { username: 'mary.shelley' })),
    'weak_password',
    'digits around it make no difference'
  )
  t.equal(
    refusalOf(await register(strict, 'annannann123', { username: 'ann' })),
    'weak_password',
    'nor does repeating it'
  )
  t.equal((await register(strict, 'annabel in the rain', { username: 'ann' })).statusCode, 201)
})
