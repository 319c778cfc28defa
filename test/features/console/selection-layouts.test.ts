import type { Locator } from 'playwright-core'
import t, { type Test } from 'tap'
import { createBrowserTestApp, type Visitor, withoutBrowser } from '../../support/browser.ts'
import { waitUntil } from '../../support/wait-until.ts'

const NOW = '2026-12-16T11:00:00Z'
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }
const TITLES = ['Ant', 'Bee', 'Cat', 'Dog']

/** What differs between the layouts in which several tasks can be selected. */
const LAYOUTS = [
  { name: 'board', item: '.card-task', hash: '#/tasks?as=board&sort=created_at_asc' },
  { name: 'calendar', item: '.chip-task', hash: '#/tasks?as=calendar&sort=created_at_asc' }
]

t.test('several tasks at once, elsewhere than in lists', { skip: withoutBrowser }, async (t) => {
  const { signUp, visit, calls, pageFindings } = await createBrowserTestApp(t)
  for (const { name, item, hash } of LAYOUTS) {
    const ann = await signUp('user', `ann-${name}`)
    const tasks = new Map<string, { id: string }>()
    for (const [i, title] of TITLES.entries()) {
      tasks.set(title, await ann.create({ title, due_date: `2026-12-1${6 + (i >> 1)}` }))
    }
    const read = async (title: string) =>
      (await ann.read(tasks.get(title) as { id: string })).json()
    const visitor = await visit()
    await visitor.page.clock.setFixedTime(NOW)
    await visitor.logIn(`ann-${name}`, hash)
    const { page } = visitor
    const at = (title: string, { page }: Visitor = visitor) =>
      page.locator(item, { hasText: title })
    const button = (title: string) =>
      item === '.card-task' ? at(title).getByRole('button') : at(title)
    const selected = ({ page }: Visitor = visitor) =>
      page.locator(`${item}.task-selected :is(.task-title, .chip-title)`).allTextContents()
    const bar = page.getByRole('toolbar', { name: 'Selected tasks' })
    const selects = (t: Test, titles: string[]) =>
      waitUntil('the selection', async () => String(await selected()) === String(titles)).catch(
        async () => t.strictSame(await selected(), titles)
      )
    const said = (text: string) => page.locator('#toasts').getByText(text).waitFor()
    await at('Dog').waitFor()

    t.test(`by Ctrl, Shift, the box and the keyboard, on the ${name}`, async (t) => {
      await button('Bee').click({ modifiers: ['Control'] })
      await bar.getByText('1 selected').waitFor()
      await button('Dog').click({ modifiers: ['Shift'] })
      await selects(t, ['Bee', 'Cat', 'Dog'])
      await at('Cat').hover()
      await page.getByRole('checkbox', { name: 'Select Cat' }).uncheck()
      await selects(t, ['Bee', 'Dog'])
      t.equal(await page.locator('dialog').count(), 0, 'nothing was opened')
      t.match(page.url(), hash)
      t.strictSame(await visitor.accessibilityViolations(), [])
      await page.keyboard.press('Escape')
      await selects(t, [])
      await bar.waitFor({ state: 'hidden' })
      await button('Ant').focus()
      await page.keyboard.press('x')
      await selects(t, ['Ant'])
      await page.keyboard.press('x')
      await selects(t, [])
    })

    t.test(`one batch changes them, and one undo takes it back, on the ${name}`, async (t) => {
      const batches = () => calls.filter(({ path }) => path === '/api/v1/task-batches').length
      const before = batches()
      await button('Ant').click({ modifiers: ['Control'] })
      await button('Cat').click({ modifiers: ['Control'] })
      await bar.getByRole('button', { name: 'Tag' }).click()
      await page.keyboard.type('zoo')
      await page.getByRole('button', { name: 'Add tags' }).click()
      await said('2 tasks are tagged.')
      t.strictSame([(await read('Ant')).tags, (await read('Cat')).tags], [['zoo'], ['zoo']])
      t.equal(batches(), before + 1)
      await selects(t, [])
      await page.keyboard.press('Control+z')
      await said('Undone: 2 tasks are tagged.')
      t.strictSame((await read('Ant')).tags, [])

      await button('Ant').click({ modifiers: ['Control'] })
      await button('Bee').click({ modifiers: ['Control'] })
      await bar.getByRole('button', { name: 'Complete' }).click()
      await said('2 tasks are done.')
      await isDone(at('Ant'))
      t.equal((await read('Bee')).status, 'done')
      await page.keyboard.press('Control+z')
      await said('Undone: 2 tasks are done.')

      await button('Cat').click({ modifiers: ['Control'] })
      await bar.getByRole('button', { name: 'Delete' }).click()
      await at('Cat').waitFor({ state: 'detached' })
      await page.keyboard.press('Control+z')
      await at('Cat').waitFor()
    })

    /** On the board it is in the last column then, in the calendar it is crossed out, or filtered away. */
    async function isDone(task: Locator) {
      const inColumn = page.locator('[data-status=done]').filter({ has: task })
      await (name === 'board'
        ? inColumn.waitFor()
        : page
            .locator(`${item}:not(.task-done)`, { hasText: 'Ant' })
            .waitFor({ state: 'detached' }))
    }

    t.test(`a finger that rests on one selects it, and more by taps, on the ${name}`, async (t) => {
      const phone = await visit(PHONE)
      await phone.page.clock.setFixedTime(NOW)
      await phone.logIn(`ann-${name}`, hash)
      await at('Ant', phone).waitFor()
      const { x = 0, y = 0 } = (await at('Ant', phone).boundingBox()) ?? {}
      const session = await phone.context.newCDPSession(phone.page)
      const touch = (type: 'touchStart' | 'touchEnd') =>
        session.send('Input.dispatchTouchEvent', {
          type,
          touchPoints: type === 'touchEnd' ? [] : [{ x: x + 8, y: y + 8 }]
        })
      await touch('touchStart')
      await phone.page.locator('.drag-ghost').waitFor()
      await touch('touchEnd')
      await phone.page.getByText('1 selected').waitFor()
      await at('Bee', phone).tap()
      await phone.page.getByText('2 selected').waitFor()
      t.strictSame(await selected(phone), ['Ant', 'Bee'])
      t.equal(await phone.page.locator('dialog').count(), 0)
      t.match(phone.page.url(), hash)
      t.strictSame(await phone.accessibilityViolations(), [])
      t.equal(await phone.page.evaluate('document.documentElement.scrollWidth'), 390)
      await phone.context.close()
      await visitor.context.close()
    })
  }

  t.test('Shift and arrows select cards of a column', async (t) => {
    const visitor = await visit()
    await visitor.logIn('ann-board', '#/tasks?as=board&sort=created_at_asc')
    const { page } = visitor
    await page.locator('.card-task', { hasText: 'Ant' }).locator('.task-title').focus()
    await page.keyboard.press('Shift+ArrowDown')
    await page.getByText('2 selected').waitFor()
    t.equal(await page.evaluate('document.activeElement.textContent'), 'Bee')
    await page.keyboard.press('ArrowDown')
    t.equal(await page.evaluate('document.activeElement.textContent'), 'Cat')
    await page.getByText('2 selected').waitFor()
    await visitor.context.close()
  })

  t.test('no page reports an error, and all calls are in the contract', async (t) => {
    t.strictSame(pageFindings(), { errors: [], undocumentedCalls: [] })
  })
})
