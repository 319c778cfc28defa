import t from 'tap'
import { createBrowserTestApp, withoutBrowser } from '../../support/browser.ts'

t.test('conflicting changes to a task', { skip: withoutBrowser }, async (t) => {
  const { signUp, visit, pageFindings } = await createBrowserTestApp(t)
  const ann = await signUp('user', 'ann')
  const { page, logIn, accessibilityViolations } = await visit({
    expectedStatuses: [412, 503]
  })
  // As for a page that the feed of changes does not reach: it would show the change before anybody clicks.
  await page.route(/\/api\/v1\/changes/, (route) =>
    route.fulfill({
      status: 503,
      contentType: 'application/problem+json',
      headers: { 'retry-after': '300', 'x-request-id': 'unreached' },
      body: JSON.stringify({
        type: 'about:blank',
        title: 'Service unavailable',
        status: 503,
        code: 'unavailable',
        detail: 'Try again.',
        instance: '/api/v1/changes',
        request_id: 'unreached'
      })
    })
  )
  await logIn('ann')
  const dialog = page.getByRole('dialog', { name: 'This task was changed in the meantime' })
  const open = async (title: string) => {
    const task = await ann.create({ title, description: 'As it was' })
    await page.reload()
    await logIn('ann')
    await page
      .locator('.task', { hasText: title })
      .getByRole('button', { name: /^Edit / })
      .click()
    return task
  }
  const save = () => page.getByRole('button', { name: 'Save', exact: true }).click()

  t.test('a stale change shows both versions, and the user chooses for each field', async (t) => {
    const task = await open('Paint the door')
    await ann.patch(task, { title: 'Paint the gate', priority: 'high' })
    await page.getByLabel('Title', { exact: true }).fill('Paint the door blue')
    await page.getByLabel('Description', { exact: true }).fill('With two coats')
    await save()
    await dialog.waitFor()
    t.strictSame(await dialog.locator('tbody tr').allTextContents(), [
      'TitlePaint the door bluePaint the gate',
      'DescriptionWith two coatsAs it was',
      'PriorityMediumHigh'
    ])
    t.ok(await dialog.getByRole('radio', { name: 'Title: yours' }).isChecked())
    t.ok(await dialog.getByRole('radio', { name: 'Priority: current' }).isChecked())
    t.strictSame(await accessibilityViolations(), [])
    t.match(
      (await ann.read(task)).json(),
      { title: 'Paint the gate', version: 2 },
      'nothing is saved before the choice'
    )
    await dialog.getByRole('radio', { name: 'Title: current' }).check()
    await dialog.getByRole('button', { name: 'Save selection' }).click()
    await page.locator('.task', { hasText: 'Paint the gate' }).getByText('With two coats').waitFor()
    t.match((await ann.read(task)).json(), {
      title: 'Paint the gate',
      description: 'With two coats',
      priority: 'high',
      version: 3
    })
  })

  t.test('closing the choice keeps what was typed', async (t) => {
    const task = await open('Oil the hinges')
    await ann.patch(task, { title: 'Oil the lock' })
    await page.getByLabel('Title', { exact: true }).fill('Oil everything')
    await save()
    await dialog.waitFor()
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    t.equal(await page.getByLabel('Title', { exact: true }).inputValue(), 'Oil everything')
    t.match((await ann.read(task)).json(), { title: 'Oil the lock', version: 2 })
    await save()
    await dialog.getByRole('button', { name: 'Discard my changes' }).click()
    await page.getByText('Showing the current version of the task.').waitFor()
    await page.locator('a.task-title', { hasText: 'Oil the lock' }).waitFor()
    t.equal((await ann.read(task)).json().version, 2)
  })

  t.test('equal changes are no conflict', async (t) => {
    const task = await open('Ring the bell')
    await page.getByRole('button', { name: 'Cancel' }).click()
    await ann.patch(task, { status: 'done' })
    await page.getByRole('checkbox', { name: 'Done: Ring the bell' }).click()
    await page.locator('.task-done:not([aria-busy])', { hasText: 'Ring the bell' }).waitFor()
    t.equal(await page.getByRole('dialog').count(), 0)
    t.equal((await ann.read(task)).json().version, 2)
  })

  t.test('a task that was changed in the meantime is not deleted', async (t) => {
    const task = await open('Sell the house')
    await page.getByRole('button', { name: 'Cancel' }).click()
    await ann.patch(task, { title: 'Do not sell the house' })
    await page.getByRole('button', { name: 'Delete Sell the house' }).click()
    await page
      .getByText('“Sell the house” was changed in the meantime and was not deleted.')
      .waitFor()
    await page.locator('a.task-title', { hasText: 'Do not sell the house' }).waitFor()
    t.equal((await ann.read(task)).statusCode, 200)
  })

  t.test(
    'no page reports an error or violates its policy, and all calls are in the contract',
    async (t) => {
      const { errors, undocumentedCalls } = pageFindings()
      t.strictSame(errors, [])
      t.strictSame(undocumentedCalls, [])
    }
  )
})
