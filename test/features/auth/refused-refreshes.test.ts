import { eq } from 'drizzle-orm'
import t from 'tap'
import { ipViolations } from '../../../src/db/tables/ip-bans.ts'
import { randomToken } from '../../../src/lib/token.ts'
import { auditEntries } from '../../support/audit-log.ts'
import { createTestApp } from '../../support/test-app.ts'
import { waitUntil } from '../../support/wait-until.ts'

const open = await createTestApp(t, { env: { RATE_LIMIT: 'on' } })
const { request, db, signUp } = open
const refresh = (refresh_token: string, remoteAddress: string) =>
  request({
    method: 'POST',
    url: '/api/v1/auth/refresh',
    remoteAddress,
    payload: { refresh_token }
  })
const violationsOf = async (network: string) => {
  const [row] = await db.select().from(ipViolations).where(eq(ipViolations.network, network))
  return row?.occurred_at.length ?? 0
}
const refused = async () =>
  (await auditEntries(db)).filter(
    ({ action, outcome }) => action === 'session.refreshed' && outcome === 'failed'
  )

t.test('refreshes with spent tokens or of an ended session are no violations', async (t) => {
  const ann = await signUp()
  const next = (await refresh(ann.refresh_token, '203.0.113.1')).json()
  await refresh(ann.refresh_token, '203.0.113.1')
  await ann.post('/api/v1/auth/logout')
  t.equal((await refresh(next.refresh_token, '203.0.113.1')).statusCode, 401)
  await refresh(randomToken(), '203.0.113.1')
  await waitUntil('the invented token', async () => (await violationsOf('203.0.113.1/32')) > 0)
  t.equal(await violationsOf('203.0.113.1/32'), 1)
})

t.test(
  'invented tokens ban their network and are counted in the audit log, not listed',
  async (t) => {
    const before = (await refused()).length
    for (let i = 0; i < 20; i++) {
      await refresh(randomToken(), `2001:db8::${i}`)
    }
    await waitUntil(
      'the ban',
      async () => (await request({ url: '/', remoteAddress: '2001:db8::1' })).statusCode === 403
    )
    t.match((await refused()).slice(before), [{ address: '2001:db8::', detail: null }])
    await open.app.close()
    const entries = (await refused()).slice(before)
    t.equal(entries.length, 2)
    t.match(entries[1], { address: '2001:db8::19', detail: '19 more in a minute', actor_id: null })
  }
)
