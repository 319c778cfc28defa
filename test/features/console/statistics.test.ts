import { sql } from 'drizzle-orm'
import t from 'tap'
import { createBrowserTestApp, withoutBrowser } from '../../support/browser.ts'

t.test('the progress of a user', { skip: withoutBrowser }, async (t) => {
  const { db, signUp, visit, pageFindings } = await createBrowserTestApp(t)
  const ann = await signUp('user', 'ann')
  const { page, logIn, accessibilityViolations } = await visit()
  await logIn('ann', '#/stats')
  const chart = (name: RegExp) => page.getByRole('img', { name })

  t.test('says what comes first where nothing was done yet', async (t) => {
    await page.getByText('Nothing to count yet').waitFor()
    await page.getByRole('link', { name: 'Go to your tasks' }).waitFor()
    t.equal(await page.getByText('All tasks', { exact: true }).count(), 0, 'only for managers')
    t.strictSame(await accessibilityViolations(), [])
  })

  t.test('is a chart of what was done each day, and a table for those who see none', async (t) => {
    const tasks = await Promise.all([1, 2, 3].map((n) => ann.create({ title: `Task ${n}` })))
    for (const task of tasks.slice(1)) {
      await ann.patch(task, { status: 'done' })
    }
    await page.evaluate('location.hash = "#/projects"')
    await page.evaluate('location.hash = "#/stats"')
    await chart(/^Done: 2 in 30 days, 2 on the busiest day$/).waitFor()
    await chart(/^Added: 3 in 30 days/).waitFor()
    await page.getByText('Show as table').first().click()
    const lastRow = page.locator('.numbers').first().locator('tbody tr').last()
    t.match(await lastRow.textContent(), /\d{4}-\d\d-\d\d2$/)
    t.strictSame(await accessibilityViolations(), [])
  })

  t.test('is added up by week and narrowed to some tasks, which the address keeps', async (t) => {
    const [old] = (await ann.get('/api/v1/tasks?status=done')).json().data
    await db.execute(sql`
      UPDATE tasks SET completed_at = now() - interval '60 days' WHERE id = ${old.id}`)
    await page.getByLabel('Period').selectOption('week')
    await chart(/^Done: 2 in 26 weeks, 1 in the busiest week$/).waitFor()
    t.match(page.url(), /by=week/)
    await page.getByLabel('Which tasks').selectOption('Assigned to me')
    await page.getByText('Nothing to count yet').waitFor()
    t.match(page.url(), /tasks=assigned/)
    await page.setViewportSize({ width: 360, height: 740 })
    t.equal(await page.evaluate('document.documentElement.scrollWidth'), 360)
  })

  t.test('no page reports an error, and all calls are in the contract', async (t) => {
    const { errors, undocumentedCalls } = pageFindings()
    t.strictSame(errors, [])
    t.strictSame(undocumentedCalls, [])
  })
})
