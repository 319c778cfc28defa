import t, { type Test } from 'tap'
import { decode, forge } from '../../support/forge-token.ts'
import { createTestApp } from '../../support/test-app.ts'

const { request, signUp } = await createTestApp(t)
const ann = await signUp('user', 'ann')
const [head, body, mac] = ann.access_token.split('.') as [string, string, string]
const header = decode(head)
const claims = decode(body) as Record<string, unknown> & { iat: number; exp: number }
const me = (token: string) =>
  request({ url: '/api/v1/me', headers: { authorization: `Bearer ${token}` } })

async function refused(t: Test, token: string, what: string) {
  const answer = await me(token)
  t.equal(answer.statusCode, 401, what)
  t.equal(answer.headers['www-authenticate'], 'Bearer')
  t.equal(answer.json().code, 'unauthenticated')
}

t.test(
  'a token says what the contract promises, and one made with the same secret is as good',
  async (t) => {
    t.strictSame(header, { alg: 'HS256', typ: 'at+jwt' })
    t.match(claims, {
      iss: 'tasklane',
      aud: 'tasklane-api',
      sub: ann.user.id,
      role: 'user',
      sid: String,
      jti: String
    })
    t.equal(claims.exp - claims.iat, 900)
    t.equal((await me(forge(header, claims))).statusCode, 200)
  }
)

t.test('another algorithm is refused', async (t) => {
  await refused(
    t,
    `${Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')}.${body}.`,
    'none'
  )
  await refused(
    t,
    `${Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')}.${body}.${mac}`,
    'none with a signature'
  )
  await refused(t, forge({ alg: 'HS512', typ: 'at+jwt' }, claims, { hash: 'sha512' }), 'HS512')
  await refused(t, forge({ alg: 'HS384', typ: 'at+jwt' }, claims, { hash: 'sha384' }), 'HS384')
  await refused(t, forge({ typ: 'at+jwt' }, claims), 'no algorithm')
})

t.test('another secret, another type, another issuer or audience is refused', async (t) => {
  await refused(
    t,
    forge(header, claims, { secret: 'another secret of more than 32 bytes, surely' }),
    'secret'
  )
  for (const typ of ['JWT', 'refresh+jwt', 'at+jwt2', undefined]) {
    await refused(t, forge({ alg: 'HS256', typ }, claims), `typ ${typ}`)
  }
  for (const iss of ['tasklane2', 'Tasklane', ['tasklane', 'x'], '', null]) {
    await refused(t, forge(header, { ...claims, iss }), `iss ${iss}`)
  }
  for (const aud of ['tasklane', 'tasklane-api2', '', null]) {
    await refused(t, forge(header, { ...claims, aud }), `aud ${aud}`)
  }
})

t.test('every claim must be there', async (t) => {
  for (const claim of ['iss', 'aud', 'sub', 'sid', 'jti', 'iat', 'exp']) {
    const { [claim]: _, ...rest } = claims
    await refused(t, forge(header, rest), `without ${claim}`)
  }
})

t.test(
  'an expired token, and one that claims a longer life than tokens have, is refused',
  async (t) => {
    const now = Math.floor(Date.now() / 1000)
    await refused(t, forge(header, { ...claims, iat: now - 1000, exp: now - 100 }), 'expired')
    await refused(
      t,
      forge(header, { ...claims, iat: now - 1000, exp: now + 100_000 }),
      'issued too long ago'
    )
    await refused(t, forge(header, { ...claims, exp: 'tomorrow' }), 'exp is no number')
  }
)

t.test('an altered token is refused, also in another spelling of the same bytes', async (t) => {
  await refused(
    t,
    `${head}.${Buffer.from(JSON.stringify({ ...claims, role: 'admin' })).toString('base64url')}.${mac}`,
    'role'
  )
  const last = mac.at(-1) as string
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const twin = mac.slice(0, -1) + alphabet[alphabet.indexOf(last) ^ 1]
  t.equal(
    Buffer.from(twin, 'base64url').equals(Buffer.from(mac, 'base64url')),
    true,
    'the same bytes'
  )
  await refused(t, `${head}.${body}.${twin}`, 'another last character')
  await refused(t, `${head}.${body}.${mac}=`, 'padded')
  await refused(t, `${head}.${body}.${mac}\u00e4`, 'trailing')
  await refused(t, `${head}.${body}`, 'no signature')
  await refused(t, 'not.a.token', 'no token')
})

t.test("a token for a session that is not, or that is somebody else's, is refused", async (t) => {
  const bea = await signUp('user', 'bea')
  await refused(
    t,
    forge(header, { ...claims, sid: '019f2f6e-7c1a-7aaa-8aaa-0123456789ab' }),
    'no session'
  )
  await refused(t, forge(header, { ...claims, sub: bea.user.id }), 'another user')
  await refused(t, ann.refresh_token, 'a refresh token')
})

t.test('authority comes from the database, never from the token', async (t) => {
  const answer = await request({
    url: '/api/v1/admin/users',
    headers: { authorization: `Bearer ${forge(header, { ...claims, role: 'admin' })}` }
  })
  t.equal(answer.statusCode, 403)
})

t.test('a token counts only in one header of its scheme', async (t) => {
  t.equal((await request({ url: '/api/v1/me' })).statusCode, 401)
  t.equal((await request({ url: `/api/v1/me?access_token=${ann.access_token}` })).statusCode, 401)
  t.equal(
    (await request({ url: '/api/v1/me', headers: { cookie: `access_token=${ann.access_token}` } }))
      .statusCode,
    401
  )
  t.equal(
    (await request({ url: '/api/v1/me', headers: { authorization: ann.access_token } })).statusCode,
    401
  )
  t.equal(
    (await request({ url: '/api/v1/me', headers: { authorization: `Basic ${ann.access_token}` } }))
      .statusCode,
    401
  )
  t.equal(
    (await request({ url: '/api/v1/me', headers: { authorization: `bearer ${ann.access_token}` } }))
      .statusCode,
    200,
    'schemes have no case'
  )
  t.equal(
    (
      await request({
        method: 'POST',
        url: '/api/v1/auth/login',
        payload: { username: 'x', password: 'y' },
        headers: { authorization: 'Bearer junk' }
      })
    ).json().code,
    'bad_credentials',
    'public routes do not look'
  )
})

t.test('logging out acts at once, on the access token and on the refresh token', async (t) => {
  const cid = await signUp('user', 'cid')
  t.equal((await cid.get('/api/v1/me')).statusCode, 200)
  t.equal((await cid.send({ method: 'POST', url: '/api/v1/auth/logout' })).statusCode, 204)
  t.equal((await cid.get('/api/v1/me')).statusCode, 401)
  const answer = await request({
    method: 'POST',
    url: '/api/v1/auth/refresh',
    payload: { refresh_token: cid.refresh_token }
  })
  t.equal(answer.statusCode, 401)
})

t.test(
  'requests under way while a session ends are answered with 200 or 401, and all after it with 401',
  async (t) => {
    const dan = await signUp('user', 'dan')
    const under = Array.from({ length: 30 }, () => dan.get('/api/v1/me'))
    const out = dan.send({ method: 'POST', url: '/api/v1/auth/logout' })
    const during = Array.from({ length: 30 }, () => dan.get('/api/v1/me'))
    await out
    t.equal((await dan.get('/api/v1/me')).statusCode, 401)
    for (const answer of await Promise.all([...under, ...during])) {
      t.ok([200, 401].includes(answer.statusCode), String(answer.statusCode))
    }
  }
)
