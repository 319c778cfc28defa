import t from 'tap'
import { createBrowserTestApp, withoutBrowser } from '../../support/browser.ts'
import { waitUntil } from '../../support/wait-until.ts'

t.test('the command palette', { skip: withoutBrowser }, async (t) => {
  const { signUp, visit, pageFindings } = await createBrowserTestApp(t)
  const ann = await signUp('user', 'ann')
  const door = await ann.create({ title: 'Paint the door' })
  await ann.create({ title: 'Paint the fence', status: 'done' })
  await ann.post('/api/v1/projects', { name: 'Garden Gate' })
  const visitor = await visit()
  const { page, accessibilityViolations } = visitor
  await visitor.logIn('ann')
  await page.locator('a.task-title', { hasText: 'Paint the door' }).waitFor()

  const dialog = page.getByRole('dialog', { name: 'Command palette' })
  const option = (name: string) => dialog.getByRole('option', { name })
  const active = () => dialog.locator('[role=option][aria-selected=true]')
  /** What a screen reader says is chosen: the option that the input names. */
  const announced = () =>
    page.evaluate(
      'document.getElementById(document.activeElement.getAttribute("aria-activedescendant"))?.textContent'
    )
  const open = async (text = '') => {
    await page.keyboard.press('Control+k')
    await dialog.waitFor()
    await page.keyboard.type(text)
  }
  const hashIs = (hash: string) => page.waitForURL((url) => url.hash === hash)

  t.test('it opens by keyboard anywhere, passes axe and gives the focus back', async (t) => {
    const input = page.getByLabel('Title of a new task')
    await input.fill('Half a thought')
    await open()
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    await page.keyboard.type('!')
    t.equal(await input.inputValue(), 'Half a thought!')
    await open()
    await page.keyboard.press('Control+k')
    await dialog.waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Command palette' }).click()
    t.strictSame(await accessibilityViolations(), [])
    await page.setViewportSize({ width: 390, height: 844 })
    t.strictSame(await accessibilityViolations(), [])
    await page.setViewportSize({ width: 1200, height: 800 })
    await page.mouse.click(5, 5)
    await dialog.waitFor({ state: 'detached' })
    await input.fill('')
  })

  t.test('arrow keys move through all commands, which a screen reader is told', async (t) => {
    await open()
    const labels = await dialog.locator('.palette-label').allTextContents()
    t.ok(labels.length > 10)
    t.match(await announced(), labels[0])
    await page.keyboard.press('ArrowUp')
    t.match(await announced(), labels.at(-1))
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowDown')
    t.match(await announced(), labels[1])
    t.equal(await active().count(), 1)
    await page.keyboard.press('Escape')
  })

  t.test('pages, projects and tasks are found by name, and Enter goes there', async (t) => {
    await open('acc')
    t.match(await active().textContent(), /^Account/)
    await page.keyboard.press('Enter')
    await hashIs('#/account')
    await open('gate')
    await option('Garden Gate').waitFor()
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Garden Gate' }).waitFor()
    await open('paint')
    await option('Paint the door').waitFor()
    t.match(await option('Paint the fence').textContent(), /Done/)
    await option('Paint the door').click()
    await hashIs(`#/tasks/${door.id}`)
    await open('qqq')
    await dialog.getByText('Nothing found.').first().waitFor()
    t.strictSame(await accessibilityViolations(), [])
    await page.keyboard.press('Enter')
    t.ok(await dialog.isVisible(), 'there is nothing to run')
    await page.keyboard.press('Escape')
  })

  t.test('actions run, also those of the page, where the focus was', async (t) => {
    await open('new task')
    await page.keyboard.press('Enter')
    await hashIs('#/tasks')
    await page.locator('[aria-label="Title of a new task"]:focus').waitFor()
    await page.keyboard.type('Typed at once')
    t.equal(await page.getByLabel('Title of a new task').inputValue(), 'Typed at once')
    await page.getByLabel('Title of a new task').fill('')
    const title = page.locator('a.task-title', { hasText: 'Paint the door' })
    await title.focus()
    await open('complete')
    await page.keyboard.press('Enter')
    await page.getByRole('checkbox', { name: 'Done: Paint the door', checked: true }).waitFor()
    await waitUntil('it is done', async () => (await ann.read(door)).json().status === 'done')
    const theme = () => page.evaluate('document.documentElement.dataset.theme')
    await open('dark')
    await page.keyboard.press('Enter')
    t.ok(['light', 'dark'].includes(String(await theme())))
    await open('log out')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Log in', exact: true }).waitFor()
    await page.keyboard.press('Control+k')
    t.equal(await dialog.count(), 0, 'there is nothing to do for nobody')
  })

  t.test('no page reports an error or violates its policy', async (t) => {
    t.strictSame(pageFindings().errors, [])
  })
})
