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

async function rejected(t: Test, token: string, what: string) {
  const response = await me(token)
  t.equal(response.statusCode, 401, what)
  t.equal(response.headers['www-authenticate'], 'Bearer')
  t.equal(response.json().code, 'unauthenticated')
}

t.test(
  'a token has the claims of the contract, and one signed with the same secret is accepted',
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

t.test('another algorithm is rejected', async (t) => {
  await rejected(
    t,
    `${Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')}.${body}.`,
    'none'
  )
  await rejected(
    t,
    `${Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')}.${body}.${mac}`,
    'none is signed'
  )
  await rejected(t, forge({ alg: 'HS512', typ: 'at+jwt' }, claims, { hash: 'sha512' }), 'HS512')
  await rejected(t, forge({ alg: 'HS384', typ: 'at+jwt' }, claims, { hash: 'sha384' }), 'HS384')
  await rejected(t, forge({ typ: 'at+jwt' }, claims), 'no algorithm')
})

t.test('another secret, type, issuer or audience is rejected', async (t) => {
  await rejected(
    t,
    forge(header, claims, { secret: 'another secret of more than 32 bytes, surely' }),
    'secret'
  )
  for (const typ of ['JWT', 'refresh+jwt', 'at+jwt2', undefined]) {
    await rejected(t, forge({ alg: 'HS256', typ }, claims), `typ ${typ}`)
  }
  for (const iss of ['tasklane2', 'Tasklane', ['tasklane', 'x'], '', null]) {
    await rejected(t, forge(header, { ...claims, iss }), `iss ${iss}`)
  }
  for (const aud of ['tasklane', 'tasklane-api2', '', null]) {
    await rejected(t, forge(header, { ...claims, aud }), `aud ${aud}`)
  }
})

t.test('every claim is required', async (t) => {
  for (const claim of ['iss', 'aud', 'sub', 'sid', 'jti', 'iat', 'exp']) {
    const { [claim]: _, ...rest } = claims
    await rejected(t, forge(header, rest), `without ${claim}`)
  }
})

t.test('a well-signed token with an empty or impossible claim is rejected', async (t) => {
  for (const claim of ['sub', 'sid', 'jti']) {
    for (const value of [null, '', 0, {}, [claims[claim]]]) {
      await rejected(t, forge(header, { ...claims, [claim]: value }), `${claim} ${value}`)
    }
  }
  for (const claim of ['sub', 'sid']) {
    await rejected(t, forge(header, { ...claims, [claim]: 'no id' }), `${claim} is no id`)
  }
  for (const iat of [claims.iat + 3600, '', null, 'now']) {
    await rejected(t, forge(header, { ...claims, iat, exp: claims.exp + 3600 }), `iat ${iat}`)
  }
  t.equal(
    (await me(forge(header, { ...claims, iat: claims.iat + 5 }))).statusCode,
    200,
    'the clocks of two instances may differ a little'
  )
})

t.test(
  'an expired token is rejected, and so is one with a longer lifetime than ours',
  async (t) => {
    const now = Math.floor(Date.now() / 1000)
    await rejected(t, forge(header, { ...claims, iat: now - 1000, exp: now - 100 }), 'expired')
    await rejected(
      t,
      forge(header, { ...claims, iat: now - 1000, exp: now + 100_000 }),
      'issued too long ago'
    )
    await rejected(t, forge(header, { ...claims, exp: 'tomorrow' }), 'exp is no number')
  }
)

t.test('an altered token is rejected, even another encoding of the same bytes', async (t) => {
  await rejected(
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
  await rejected(t, `${head}.${body}.${twin}`, 'another last character')
  await rejected(t, `${head}.${body}.${mac}=`, 'padded')
  await rejected(t, `${head}.${body}.${mac}\u00e4`, 'trailing')
  await rejected(t, `${head}.${body}`, 'no signature')
  await rejected(t, 'not.a.token', 'no token')
})

t.test("a token for an unknown session or another user's session is rejected", async (t) => {
  const bea = await signUp('user', 'bea')
  await rejected(
    t,
    forge(header, { ...claims, sid: '019f2f6e-7c1a-7aaa-8aaa-0123456789ab' }),
    'no session'
  )
  await rejected(t, forge(header, { ...claims, sub: bea.user.id }), 'another user')
  await rejected(t, ann.refresh_token, 'a refresh token')
})

t.test('authority comes from the database, never from the token', async (t) => {
  const response = await request({
    url: '/api/v1/admin/users',
    headers: { authorization: `Bearer ${forge(header, { ...claims, role: 'admin' })}` }
  })
  t.equal(response.statusCode, 403)
})

t.test(
  'a token is accepted only in a single Authorization header with the Bearer scheme',
  async (t) => {
    t.equal((await request({ url: '/api/v1/me' })).statusCode, 401)
    t.equal((await request({ url: `/api/v1/me?access_token=${ann.access_token}` })).statusCode, 401)
    t.equal(
      (
        await request({
          url: '/api/v1/me',
          headers: { cookie: `access_token=${ann.access_token}` }
        })
      ).statusCode,
      401
    )
    t.equal(
      (await request({ url: '/api/v1/me', headers: { authorization: ann.access_token } }))
        .statusCode,
      401
    )
    t.equal(
      (
        await request({
          url: '/api/v1/me',
          headers: { authorization: `Basic ${ann.access_token}` }
        })
      ).statusCode,
      401
    )
    t.equal(
      (
        await request({
          url: '/api/v1/me',
          headers: { authorization: `bearer ${ann.access_token}` }
        })
      ).statusCode,
      200,
      'schemes are case-insensitive'
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
      'public routes ignore it'
    )
  }
)

t.test(
  'logging out takes effect immediately for the access token and the refresh token',
  async (t) => {
    const cid = await signUp('user', 'cid')
    t.equal((await cid.get('/api/v1/me')).statusCode, 200)
    t.equal((await cid.send({ method: 'POST', url: '/api/v1/auth/logout' })).statusCode, 204)
    t.equal((await cid.get('/api/v1/me')).statusCode, 401)
    const response = await request({
      method: 'POST',
      url: '/api/v1/auth/refresh',
      payload: { refresh_token: cid.refresh_token }
    })
    t.equal(response.statusCode, 401)
  }
)

t.test(
  'requests in progress while a session ends get 200 or 401, and all later ones 401',
  async (t) => {
    const dan = await signUp('user', 'dan')
    const under = Array.from({ length: 30 }, () => dan.get('/api/v1/me'))
    const out = dan.send({ method: 'POST', url: '/api/v1/auth/logout' })
    const during = Array.from({ length: 30 }, () => dan.get('/api/v1/me'))
    await out
    t.equal((await dan.get('/api/v1/me')).statusCode, 401)
    for (const response of await Promise.all([...under, ...during])) {
      t.ok([200, 401].includes(response.statusCode), String(response.statusCode))
    }
  }
)
