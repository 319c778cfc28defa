import t from 'tap'
import { createBrowserTestApp, withoutBrowser } from '../../support/browser.ts'

t.test('the first visit', { skip: withoutBrowser }, async (t) => {
  const { signUp, visit, pageFindings } = await createBrowserTestApp(t)
  const ann = await signUp('user', 'ann')
  const { page, logIn, accessibilityViolations } = await visit()
  await logIn('ann', '#/tasks')
  const steps = page.getByRole('region', { name: 'First steps' })

  t.test('shows the ways to begin, and where they lead', async (t) => {
    await steps.waitFor()
    t.strictSame(await accessibilityViolations(), [])
    await page.setViewportSize({ width: 360, height: 740 })
    t.equal(await page.evaluate('document.documentElement.scrollWidth'), 360)
    await page.setViewportSize({ width: 1200, height: 800 })
    await steps.getByRole('link', { name: 'Create a project' }).click()
    await page.getByRole('button', { name: 'Create your first project' }).click()
    await page.getByRole('dialog').waitFor()
    await page.keyboard.press('Escape')
  })

  t.test('is over with the first task, also when that is done', async (t) => {
    await ann.create({ title: 'Finished', status: 'done' })
    const answered = page.waitForResponse(/deleted=include/)
    await page.evaluate('location.hash = "#/tasks"')
    await (await answered).finished()
    await page.getByText('You have no open tasks. Enter a title above').waitFor()
    t.equal(await steps.count(), 0)
  })

  t.test('makes no page report an error, and all calls are in the contract', async (t) => {
    const { errors, undocumentedCalls } = pageFindings()
    t.strictSame(errors, [])
    t.strictSame(undocumentedCalls, [])
  })
})
