import type { Locator } from 'playwright-core'
import t, { type Test } from 'tap'
import { createBrowserTestApp, withoutBrowser } from '../../support/browser.ts'
import { PASSWORD } from '../../support/test-app.ts'
import { waitUntil } from '../../support/wait-until.ts'

/** In the middle of a month, so that the days after it are in the same calendar. */
const NOW = '2026-12-16T11:00:00Z'
const MAX_TABS = 80

/** Returns what is wrong with the focus: it has to be on something that is seen, and to be seen there. */
const FOCUS_FAULT = `(() => {
  const element = document.activeElement
  const { x, y, width, height } = element.getBoundingClientRect()
  const isInside = x + width > 0 && y + height > 0 && x < innerWidth && y < innerHeight
  const isSeen = isInside && width > 1 && height > 1 && element.checkVisibility({ opacityProperty: true })
  return element === document.body || !element.matches(':focus-visible') || !isSeen
    ? element.outerHTML.slice(0, 200)
    : ''
})()`

t.test('without a mouse', { skip: withoutBrowser }, async (t) => {
  const { visit, pageFindings, app } = await createBrowserTestApp(t)
  const { page, open } = await visit({ viewport: { width: 1280, height: 800 } })
  await page.clock.setFixedTime(NOW)
  const heading = (name: string) => page.getByRole('heading', { name, exact: true })
  const row = (title: string) => page.locator('.tasks .task', { hasText: title })
  const said = (text: string) => page.locator('#toasts').getByText(text, { exact: true }).waitFor()
  const has = (locator: Locator) =>
    locator.evaluate((element) => element === element.ownerDocument.activeElement)
  const isBefore = (locator: Locator) =>
    locator.evaluate((element) => {
      const { activeElement, body } = element.ownerDocument
      return activeElement !== body && element.compareDocumentPosition(activeElement) === 4
    })

  /** The focus is seen, wherever it is. It may follow what has to be loaded. */
  async function focusIsSeen(t: Test, after: string) {
    let fault: unknown
    await waitUntil(`the focus after ${after}`, async () => {
      fault = await page.evaluate(FOCUS_FAULT)
      return fault === ''
    }).catch(() => {})
    t.equal(fault, '', `the focus is seen after ${after}`)
  }
  async function press(t: Test, ...keys: string[]) {
    for (const key of keys) {
      await page.keyboard.press(key)
      await focusIsSeen(t, key)
    }
  }
  async function tabTo(t: Test, target: Locator) {
    await target.waitFor()
    const key = (await isBefore(target)) ? 'Shift+Tab' : 'Tab'
    for (let tabs = 0; tabs < MAX_TABS && !(await has(target)); tabs++) {
      await press(t, key)
    }
    t.ok(await has(target), `Tab leads to ${target}`)
  }
  async function choose(t: Test, target: Locator) {
    await tabTo(t, target)
    await press(t, 'Enter')
  }
  async function command(t: Test, text: string, option: string) {
    await press(t, 'Control+k')
    await page.keyboard.type(text)
    await page.locator('[role=option][aria-selected=true]', { hasText: option }).waitFor()
    await press(t, 'Enter')
  }
  async function select(t: Test, first: string, ...more: string[]) {
    while (!(await has(row(first).locator('a.task-title')))) {
      await press(t, 'j')
    }
    await press(t, 'x', ...more.map(() => 'Shift+ArrowDown'))
    await page.getByText(`${1 + more.length} selected`).waitFor()
  }
  const inBar = (name: string) =>
    page.getByRole('toolbar', { name: 'Selected tasks' }).getByRole('button', { name, exact: true })
  const inDialog = (name: string) =>
    page.getByRole('dialog').getByRole('button', { name, exact: true })

  t.test('somebody signs up', async (t) => {
    await open()
    await choose(t, page.getByRole('link', { name: 'Create account' }))
    await tabTo(t, page.getByLabel('Username'))
    await page.keyboard.type('ann')
    await tabTo(t, page.getByLabel('Password', { exact: true }))
    await page.keyboard.type(PASSWORD)
    await tabTo(t, page.getByLabel('Repeat the password'))
    await page.keyboard.type(PASSWORD)
    await choose(t, page.getByRole('button', { name: 'Create account' }))
    await heading('Tasks').waitFor()
    await focusIsSeen(t, 'signing up')
  })

  t.test('adds tasks in words', async (t) => {
    const input = page.getByLabel('Title of a new task')
    await input.waitFor()
    await press(t, 'n')
    await waitUntil('the focus on the title', () => has(input))
    for (const [text, title] of [
      ['Call Tom !high', 'Call Tom'],
      ['Buy brushes', 'Buy brushes'],
      ['Buy paint tomorrow #home', 'Buy paint']
    ] as const) {
      await page.keyboard.type(text)
      await press(t, 'Enter')
      await row(title).and(page.locator('[data-id]')).waitFor()
    }
    await row('Buy paint').getByText('home').waitFor()
    await row('Buy paint').getByText('Tomorrow').waitFor()
    await press(t, 'Escape')
  })

  t.test('finds one, edits and completes it, and takes that back', async (t) => {
    await command(t, 'paint', 'Buy paint')
    await heading('Buy paint').waitFor()
    await press(t, 'r', 'Control+a')
    await page.keyboard.type('Buy white paint')
    await press(t, 'Enter')
    await heading('Buy white paint').waitFor()
    await press(t, 'e')
    await page.keyboard.type('It is **matt**.')
    await press(t, 'Control+Enter')
    await page.locator('.description strong', { hasText: 'matt' }).waitFor()
    const done = page.getByRole('checkbox', { name: 'Done: Buy white paint' })
    await press(t, 'd')
    await waitUntil('the completion', () => done.isChecked())
    await press(t, 'u')
    await waitUntil('the undo', async () => !(await done.isChecked()))
  })

  t.test('changes several at once', async (t) => {
    await command(t, 'new project', 'New project')
    await page.keyboard.type('Flat')
    await press(t, 'Enter')
    await page.getByRole('link', { name: 'Flat' }).or(heading('Flat')).first().waitFor()
    await press(t, 't')
    await heading('Tasks').waitFor()
    await row('Buy white paint').waitFor()
    await select(t, 'Buy white paint', 'Buy brushes')
    await choose(t, inBar('Tag'))
    await page.keyboard.type('shop')
    await choose(t, inDialog('Add tags'))
    await said('2 tasks are tagged.')
    await focusIsSeen(t, 'tagging')
    await select(t, 'Buy white paint', 'Buy brushes')
    await choose(t, inBar('Move'))
    const option = page.getByRole('dialog').locator('option', { hasText: 'Flat' })
    await option.waitFor({ state: 'attached' })
    await page.keyboard.type('Flat')
    await choose(t, inDialog('Move'))
    await said('2 tasks are in another project.')
    await focusIsSeen(t, 'moving')
    await row('Buy brushes').getByText('shop').waitFor()
    await row('Buy brushes').getByText('Flat').waitFor()
  })

  t.test('moves tasks on the board and in the calendar', async (t) => {
    await choose(t, page.getByRole('link', { name: 'Board' }))
    await tabTo(t, page.locator('.card-task .task-title', { hasText: 'Call Tom' }))
    await press(t, ' ', 'ArrowRight', ' ')
    await said('Moved “Call Tom” to In progress.')
    await page.locator('[data-status=in_progress] .card-task', { hasText: 'Call Tom' }).waitFor()
    await focusIsSeen(t, 'the move')

    await choose(t, page.getByRole('link', { name: 'Calendar' }))
    const chip = page.locator('.chip-task', { hasText: 'Buy white paint' })
    await chip.waitFor()
    await tabTo(t, page.locator('.day-today .day-number'))
    await press(t, 'ArrowRight')
    await tabTo(t, chip)
    await press(t, ' ', 'ArrowRight', 'ArrowDown', ' ')
    await said('“Buy white paint” is due on 25 Dec now.')
    t.ok(await has(chip), 'the task keeps the focus')
  })

  t.test('filters, saves what is shown as a view, and logs out', async (t) => {
    await choose(t, page.getByRole('link', { name: 'List' }))
    await choose(t, page.getByRole('button', { name: 'Filter' }))
    await tabTo(t, page.getByLabel('Priority'))
    await page.keyboard.type('High')
    await row('Buy brushes').waitFor({ state: 'detached' })
    await choose(t, page.getByRole('button', { name: 'Save this view…' }))
    await page.keyboard.type('Urgent')
    await press(t, 'Enter')
    await page.getByRole('link', { name: 'Urgent' }).waitFor()
    await command(t, 'urgent', 'Urgent')
    await row('Call Tom').waitFor()
    await command(t, 'log out', 'Log out')
    await heading('Log in').waitFor()
    await focusIsSeen(t, 'logging out')
  })

  t.test('and all of that is stored', async (t) => {
    const { access_token } = (
      await app.inject({
        method: 'POST',
        url: '/api/v1/auth/login',
        payload: { username: 'ann', password: PASSWORD }
      })
    ).json()
    const { data } = (
      await app.inject({
        url: '/api/v1/tasks?sort=created_at_asc',
        headers: { authorization: `Bearer ${access_token}` }
      })
    ).json()
    t.match(data, [
      { title: 'Call Tom', priority: 'high', status: 'in_progress', tags: [] },
      { title: 'Buy brushes', tags: ['shop'], status: 'todo' },
      {
        title: 'Buy white paint',
        description: 'It is **matt**.',
        tags: ['home', 'shop'],
        due_date: '2026-12-25T23:59:59.999Z',
        status: 'todo'
      }
    ])
    t.type(data[1].project_id, 'string')
    t.equal(data[2].project_id, data[1].project_id)
  })

  t.test('no page reports an error, and all calls are in the contract', async (t) => {
    t.strictSame(pageFindings(), { errors: [], undocumentedCalls: [] })
  })
})
