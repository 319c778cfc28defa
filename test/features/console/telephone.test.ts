import t from 'tap'
import { createBrowserTestApp, withoutBrowser } from '../../support/browser.ts'

t.test('the console on a telephone', { skip: withoutBrowser }, async (t) => {
  const { signUp, visit, pageFindings } = await createBrowserTestApp(t)
  const ann = await signUp('admin', 'ann')
  for (const title of ['One', 'Two', 'Three', 'Four', 'Five', 'Six', 'Seven']) {
    await ann.create({ title, priority: 'high', tags: ['home'] })
  }
  const visitor = await visit({ viewport: { width: 390, height: 844 }, hasTouch: true })
  const { page, accessibilityViolations } = visitor
  await visitor.logIn('ann')
  await page.locator('a.task-title', { hasText: 'Seven' }).waitFor()
  const menu = page.getByRole('button', { name: 'Menu' })
  const side = page.getByRole('navigation', { name: 'Main' })

  t.test('at least five tasks are on the first screen, and nothing is wider than it', async (t) => {
    const bottoms = await page
      .locator('.task')
      .evaluateAll((rows) => rows.map((row) => row.getBoundingClientRect().bottom))
    t.ok(bottoms.filter((bottom) => bottom <= 844).length >= 5, bottoms.join())
    t.equal(await page.evaluate('document.documentElement.scrollWidth'), 390)
  })

  t.test(
    'the menu closes by Escape, by a tap beside it, by going on and by its links',
    async (t) => {
      t.notOk(await side.isVisible())
      await menu.tap()
      t.ok(await side.isVisible())
      t.strictSame(await accessibilityViolations(), [])
      await page.keyboard.press('Escape')
      t.notOk(await side.isVisible(), 'Escape at the button')
      await page.keyboard.press('Enter')
      await side.getByRole('link', { name: 'Projects' }).focus()
      await page.keyboard.press('Escape')
      t.notOk(await side.isVisible(), 'Escape in the menu')
      t.equal(await menu.evaluate((node) => node === node.ownerDocument.activeElement), true)
      await menu.tap()
      await page.touchscreen.tap(380, 500)
      t.notOk(await side.isVisible(), 'a tap beside it')
      t.equal(await page.getByRole('dialog').count(), 0, 'which does nothing else')
      await menu.tap()
      await side.getByRole('button', { name: 'Keyboard shortcuts' }).focus()
      await page.keyboard.press('Tab')
      t.notOk(await side.isVisible(), 'the focus is elsewhere')
      await menu.tap()
      await side.getByRole('link', { name: 'Projects' }).tap()
      await page.getByRole('heading', { name: 'Projects' }).waitFor()
      t.notOk(await side.isVisible(), 'a link')
    }
  )

  t.test('text of twice the size is neither cut nor wider than the screen', async (t) => {
    await page.evaluate('document.documentElement.style.fontSize = "200%"')
    for (const hash of ['#/tasks', '#/projects', '#/csv', '#/account', '#/stats']) {
      await page.evaluate(`location.hash = "${hash}"`)
      await page.getByRole('heading', { level: 1 }).waitFor()
      t.equal(await page.evaluate('document.documentElement.scrollWidth'), 390, hash)
    }
    await menu.tap()
    await side.getByRole('button', { name: 'Log out' }).scrollIntoViewIfNeeded()
    t.ok(await side.getByRole('button', { name: 'Log out' }).isVisible())
    await page.keyboard.press('Escape')
    await page.evaluate('document.documentElement.style.fontSize = ""')
  })

  t.test('the colour around the page follows the theme that is chosen', async (t) => {
    const colors = () =>
      page
        .locator('meta[name=theme-color]')
        .evaluateAll((metas) => metas.map((meta) => meta.getAttribute('content')))
    t.strictSame(await colors(), ['#ffffff', '#1b1e23'])
    await page.emulateMedia({ colorScheme: 'light' })
    await menu.tap()
    await page.getByRole('button', { name: 'Switch between light and dark' }).tap()
    t.strictSame(await colors(), ['#1b1e23', '#1b1e23'])
    await page.reload()
    await menu.waitFor()
    t.strictSame(await colors(), ['#1b1e23', '#1b1e23'])
  })

  t.test('no page reports an error or violates its policy', async (t) => {
    t.strictSame(pageFindings().errors, [])
  })
})
