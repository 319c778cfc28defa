import { eq } from 'drizzle-orm'
import t from 'tap'
import { users } from '../../../src/db/tables/users.ts'
import { createBrowserTestApp, withoutBrowser } from '../../support/browser.ts'

t.test('the pages for admins and managers', { skip: withoutBrowser }, async (t) => {
  const { db, request, signUp, visit, pageFindings, calls } = await createBrowserTestApp(t)
  await signUp('admin', 'root')
  const bob = await signUp('user', 'bob', { name: '<b>Bob</b>' })
  const { page, logIn, accessibilityViolations } = await visit({ expectedStatuses: [400, 409] })
  await logIn('root', '#/users')
  const row = (text: string) => page.locator('.row', { hasText: text })
  /** Runs axe in both themes and checks that the page fits a narrow screen. */
  const layoutViolations = async (name: string) => {
    const found = await accessibilityViolations()
    await page.setViewportSize({ width: 360, height: 740 })
    found.push(...(await accessibilityViolations()))
    const width = await page.evaluate('document.documentElement.scrollWidth')
    await page.setViewportSize({ width: 1200, height: 800 })
    return [...found, ...(width === 360 ? [] : [`${name} is ${width} wide`])]
  }

  t.test('users are listed and found, and their role can be changed', async (t) => {
    await row('<b>Bob</b>').waitFor()
    t.equal(await page.locator('.row b').count(), 0, 'a name is text')
    t.strictSame(await layoutViolations('the list of users'), [])
    t.ok(await page.getByLabel('Role of root').isDisabled(), 'nobody changes their own role')
    await page.getByLabel('Search in names').fill('bob')
    await page.getByText('1 user found').waitFor()
    await page.getByLabel('Role of <b>Bob</b>').selectOption('Manager')
    await page.getByText('“<b>Bob</b>” now has the role manager.').waitFor()
    t.match(await db.select().from(users).where(eq(users.id, bob.user.id)), [{ role: 'manager' }])
  })

  t.test(
    'an account can be disabled, enabled, logged out everywhere and, after confirmation, deleted',
    async (t) => {
      await page.getByRole('button', { name: 'Disable <b>Bob</b>' }).click()
      await row('<b>Bob</b>').getByText('disabled').waitFor()
      t.equal((await bob.get('/api/v1/me')).statusCode, 401)
      await page.getByRole('button', { name: 'Enable <b>Bob</b>' }).click()
      await page.getByRole('button', { name: 'Disable <b>Bob</b>' }).waitFor()
      const carl = await signUp('user', 'carl')
      await page.getByLabel('Search in names').fill('carl')
      const { key } = (
        await carl.post('/api/v1/me/api-keys', {
          name: 'Report',
          scopes: ['tasks:read'],
          expires_at: new Date(Date.now() + 86_400_000).toISOString()
        })
      ).json()
      await page.getByRole('button', { name: 'Revoke API keys of carl' }).click()
      await page.getByText('Revoked all API keys of “carl”').waitFor()
      const headers = { authorization: `Bearer ${key}` }
      t.equal((await request({ url: '/api/v1/tasks', headers })).statusCode, 401)
      await page.getByRole('button', { name: 'End sessions of carl' }).click()
      await page.getByText('Ended all sessions of “carl”').waitFor()
      t.equal((await carl.get('/api/v1/me')).statusCode, 401)
      await page.getByRole('button', { name: 'Delete carl' }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Delete permanently' }).click()
      await page.getByText('No users', { exact: true }).waitFor()
      const [left] = await db.select().from(users).where(eq(users.id, carl.user.id))
      t.match(left, { username: null, deleted_at: /\d/ }, 'nothing is left of him but an id')
    }
  )

  t.test('tasks of all users are listed with their owners and can be changed', async (t) => {
    const dora = await signUp('user', 'dora', { name: 'Dora' })
    const task = await dora.create({ title: 'Knit a scarf' })
    await page.getByRole('link', { name: 'All users’ tasks' }).click()
    await page.locator('.task', { hasText: 'Knit a scarf' }).getByText('Owner: Dora').waitFor()
    t.strictSame(await layoutViolations("all users' tasks"), [])
    await page.getByRole('checkbox', { name: 'Done: Knit a scarf' }).click()
    await page.locator('.task-done:not([aria-busy])').waitFor()
    t.match((await dora.read(task)).json(), { status: 'done', version: 2 })
  })

  t.test('the audit log shows who did what and filters by a click', async (t) => {
    await page.getByRole('link', { name: 'Audit log' }).click()
    await row('Task changed').first().waitFor()
    t.strictSame(await layoutViolations('the audit log'), [])
    await page.getByRole('button', { name: 'Only Role changed' }).first().click()
    await page.getByText('1 event in total').waitFor()
    await row('Role changed').getByText('from user to manager').waitFor()
    t.match(page.url(), /action=user\.role_changed/)
    await page.getByLabel('What').selectOption('Account deleted')
    await row('Account deleted').waitFor()
  })

  t.test('invalid parameters in the URL are reported', async () => {
    await page.evaluate('location.hash = "#/audit-log?created_after=nonsense&action=%3Cimg%3E"')
    await page.getByText('The request does not match the contract').waitFor()
    await page.evaluate('location.hash = "#/tasks?view=nonsense&sort=nonsense"')
    await page.getByRole('heading', { name: 'Tasks', exact: true }).waitFor()
    await page.getByText('The request does not match the contract').first().waitFor()
  })

  t.test(
    'an IP range can be banned with a reason and an end, not twice, and the ban can be lifted',
    async (t) => {
      await page.getByRole('link', { name: 'IP bans' }).click()
      await page.getByText('No bans').waitFor()
      await page.getByLabel('IP address or range').fill('203.0.113.0/24')
      await page.getByLabel('Reason').fill('Guesses passwords')
      await page.getByLabel('Until').fill('2040-01-01T00:00')
      await page.getByRole('button', { name: 'Ban address' }).click()
      await row('203.0.113.0/24').getByText('Guesses passwords').waitFor()
      t.strictSame(await layoutViolations('the list of bans'), [])
      await page.getByLabel('IP address or range').fill('203.0.113.0/24')
      await page.getByRole('button', { name: 'Ban address' }).click()
      await page.getByText('The IP address or range is already banned').waitFor()
      await page.getByRole('button', { name: 'Lift the ban of 203.0.113.0/24' }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Lift ban' }).click()
      await page.getByText('203.0.113.0/24 is no longer banned.').waitFor()
    }
  )

  t.test('statistics are shown as charts with descriptions and as tables', async (t) => {
    await page.getByRole('link', { name: 'Statistics' }).click()
    await page.getByRole('img', { name: 'By status: To do 0, In progress 0, Done 1' }).waitFor()
    await page
      .getByRole('img', { name: 'Tasks created: 1 in 30 days, 1 on the busiest day' })
      .waitFor()
    t.equal(await page.locator('.chart-days').first().locator('g').count(), 30)
    await page.getByText('Show as table').first().click()
    t.equal(await page.locator('.numbers').first().locator('tbody tr').count(), 30)
    t.strictSame(await layoutViolations('the statistics'), [])
  })

  t.test(
    'managers see all tasks, the audit log and statistics, but no users or bans',
    async (t) => {
      await signUp('manager', 'mia')
      const mia = await visit()
      await mia.logIn('mia', '#/stats')
      await mia.page.getByRole('img', { name: /^By status/ }).waitFor()
      t.strictSame(
        await mia.page
          .locator('#side nav a, #side a')
          .evaluateAll((links) => links.map((link) => (link as unknown as { hash: string }).hash)),
        [
          '#/today',
          '#/upcoming',
          '#/tasks',
          '#/projects',
          '#/invitations',
          '#/trash',
          '#/csv',
          '#/webhooks',
          '#/stats',
          '#/all-tasks',
          '#/audit-log',
          '#/account'
        ]
      )
      await mia.page.evaluate('location.hash = "#/users"')
      await mia.page.getByText('This page does not exist').waitFor()
      const from = calls.length
      await mia.page.getByRole('link', { name: 'All users’ tasks' }).click()
      await mia.page.getByText('There are no open tasks.').waitFor()
      t.strictSame(
        calls.slice(from).filter(({ path }) => path.includes('/admin/')),
        [],
        'no call is sent that would be rejected'
      )
      await mia.context.close()
    }
  )

  t.test(
    'no page reports an error or violates its policy, and all calls are in the contract',
    async (t) => {
      const { errors, undocumentedCalls } = pageFindings()
      t.strictSame(errors, [])
      t.strictSame(undocumentedCalls, [])
    }
  )
})
