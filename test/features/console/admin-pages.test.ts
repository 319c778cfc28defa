import { eq } from 'drizzle-orm'
import t from 'tap'
import { users } from '../../../src/db/tables/users.ts'
import { createBrowserTestApp, inBrowser } from '../../support/browser.ts'

await inBrowser(t, suite)

async function suite() {
  const { db, signUp, visit, verdict, calls } = await createBrowserTestApp(t)
  await signUp('admin', 'root')
  const bob = await signUp('user', 'bob', { name: '<b>Bob</b>' })
  const { page, logIn, complaints } = await visit({ expects: [400, 409] })
  await logIn('root', '#/users')
  const row = (text: string) => page.locator('.row', { hasText: text })
  /** Axe in both lights, and nothing wider than a telephone. */
  const looksRight = async (name: string) => {
    const found = await complaints()
    await page.setViewportSize({ width: 360, height: 740 })
    found.push(...(await complaints()))
    const width = await page.evaluate('document.documentElement.scrollWidth')
    await page.setViewportSize({ width: 1200, height: 800 })
    return [...found, ...(width === 360 ? [] : [`${name} is ${width} wide`])]
  }

  t.test('users are listed, found, and get another role at once', async (t) => {
    await row('<b>Bob</b>').waitFor()
    t.equal(await page.locator('.row b').count(), 0, 'a name is text')
    t.strictSame(await looksRight('the list of users'), [])
    t.ok(await page.getByLabel('Role of root').isDisabled(), 'nobody changes their own role')
    await page.getByLabel('Search in names').fill('bob')
    await page.getByText('1 in all').waitFor()
    await page.getByLabel('Role of <b>Bob</b>').selectOption('Manager')
    await page.getByText('«<b>Bob</b>» is manager now.').waitFor()
    t.match(await db.select().from(users).where(eq(users.id, bob.user.id)), [{ role: 'manager' }])
  })

  t.test(
    'an account is disabled and enabled, its sessions end, and it is deleted after a question',
    async (t) => {
      await page.getByRole('button', { name: 'Disable <b>Bob</b>' }).click()
      await row('<b>Bob</b>').getByText('disabled').waitFor()
      t.equal((await bob.get('/api/v1/me')).statusCode, 401)
      await page.getByRole('button', { name: 'Enable <b>Bob</b>' }).click()
      await page.getByRole('button', { name: 'Disable <b>Bob</b>' }).waitFor()
      const carl = await signUp('user', 'carl')
      await page.getByLabel('Search in names').fill('carl')
      await page.getByRole('button', { name: 'End sessions of carl' }).click()
      await page.getByText('«carl» has to log in again').waitFor()
      t.equal((await carl.get('/api/v1/me')).statusCode, 401)
      await page.getByRole('button', { name: 'Delete carl' }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Delete for good' }).click()
      await page.getByText('Nobody', { exact: true }).waitFor()
      t.equal((await db.select().from(users).where(eq(users.id, carl.user.id))).length, 0)
    }
  )

  t.test("everybody's tasks are seen with whose they are, and can be changed", async (t) => {
    const dora = await signUp('user', 'dora', { name: 'Dora' })
    const task = await dora.create({ title: 'Knit a scarf' })
    await page.getByRole('link', { name: 'Everybody’s tasks' }).click()
    await page.locator('.task', { hasText: 'Knit a scarf' }).getByText('Of Dora').waitFor()
    t.strictSame(await looksRight("everybody's tasks"), [])
    await page.getByRole('checkbox', { name: 'Done: Knit a scarf' }).click()
    await page.locator('.task-done:not([aria-busy])').waitFor()
    t.match((await dora.read(task)).json(), { status: 'done', version: 2 })
  })

  t.test('the audit log tells who did what, and narrows down by a press', async (t) => {
    await page.getByRole('link', { name: 'Audit log' }).click()
    await row('task.updated').first().waitFor()
    t.strictSame(await looksRight('the audit log'), [])
    await page.getByRole('button', { name: 'Only user.role_changed' }).first().click()
    await page.getByText('1 fact, that is all').waitFor()
    await row('user.role_changed').getByText('user to manager').waitFor()
    t.match(page.url(), /action=user\.role_changed/)
    await page.getByLabel('Action').fill('user.deleted')
    await row('user.deleted').waitFor()
  })

  t.test('an address of a page that somebody made up is answered in words', async () => {
    await page.evaluate('location.hash = "#/audit?created_after=nonsense&action=%3Cimg%3E"')
    await page.getByText('The request does not match the contract').waitFor()
    await page.evaluate('location.hash = "#/tasks?view=nonsense&sort=nonsense"')
    await page.getByRole('heading', { name: 'Tasks', exact: true }).waitFor()
    await page.getByText('The request does not match the contract').first().waitFor()
  })

  t.test(
    'an address is banned with a reason and an end, a second ban of it is refused in words, and it is lifted',
    async (t) => {
      await page.getByRole('link', { name: 'Bans' }).click()
      await page.getByText('No bans').waitFor()
      await page.getByLabel('Address or range').fill('203.0.113.0/24')
      await page.getByLabel('Reason').fill('Guesses passwords')
      await page.getByLabel('Until').fill('2040-01-01T00:00')
      await page.getByRole('button', { name: 'Ban', exact: true }).click()
      await row('203.0.113.0/24').getByText('Guesses passwords').waitFor()
      t.strictSame(await looksRight('the list of bans'), [])
      await page.getByLabel('Address or range').fill('203.0.113.0/24')
      await page.getByRole('button', { name: 'Ban', exact: true }).click()
      await page.getByText('The IP address or range is already banned').waitFor()
      await page.getByRole('button', { name: 'Lift the ban of 203.0.113.0/24' }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Lift it' }).click()
      await page.getByText('203.0.113.0/24 may ask again.').waitFor()
    }
  )

  t.test('statistics are drawn in place, said in words, and there as a table', async (t) => {
    await page.getByRole('link', { name: 'Statistics' }).click()
    await page.getByRole('img', { name: 'By status: To do 0, In progress 0, Done 1' }).waitFor()
    await page
      .getByRole('img', { name: 'Tasks made: 1 in 30 days, 1 on the busiest day' })
      .waitFor()
    t.equal(await page.locator('.chart-days').first().locator('g').count(), 30)
    await page.getByText('As a table').first().click()
    t.equal(await page.locator('.numbers').first().locator('tbody tr').count(), 30)
    t.strictSame(await looksRight('the statistics'), [])
  })

  t.test('a manager sees tasks, log and counts, and neither users nor bans', async (t) => {
    await signUp('manager', 'mia')
    const mia = await visit()
    await mia.logIn('mia', '#/stats')
    await mia.page.getByRole('img', { name: /^By status/ }).waitFor()
    t.strictSame(
      await mia.page
        .locator('#side nav a, #side a')
        .evaluateAll((links) => links.map((link) => (link as unknown as { hash: string }).hash)),
      ['#/tasks', '#/trash', '#/csv', '#/everybody', '#/audit', '#/stats', '#/account']
    )
    await mia.page.evaluate('location.hash = "#/users"')
    await mia.page.getByText('There is nothing here').waitFor()
    const from = calls.length
    await mia.page.getByRole('link', { name: 'Everybody’s tasks' }).click()
    await mia.page.getByText('Nobody has an open task.').waitFor()
    t.strictSame(
      calls.slice(from).filter(({ path }) => path.includes('/admin/')),
      [],
      'nothing is asked that would be refused'
    )
    await mia.context.close()
  })

  t.test('no page broke its policy or complained, and every call is in the contract', async (t) => {
    const { faults, undocumented } = verdict()
    t.strictSame(faults, [])
    t.strictSame(undocumented, [])
  })
}
