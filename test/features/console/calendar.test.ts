import type { Locator } from 'playwright-core'
import t from 'tap'
import { createBrowserTestApp, type Visitor, withoutBrowser } from '../../support/browser.ts'
import { waitUntil } from '../../support/wait-until.ts'

const NOW = '2026-12-16T11:00:00Z'
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }
const CALENDAR = '#/tasks?as=calendar'

t.test('calendars', { skip: withoutBrowser }, async (t) => {
  const { signUp, visit, pageFindings } = await createBrowserTestApp(t)
  const ann = await signUp('user', 'ann')
  const tea = await ann.create({ title: 'Tea', due_date: '2026-12-10T22:30:45.678Z' })
  const fair = await ann.create({ title: 'Fair', due_date: '2026-12-10' })
  const visitIn = async (timezoneId: string, options = {}, hash = CALENDAR) => {
    const visitor = await visit({ timezoneId, ...options })
    await visitor.page.clock.setFixedTime(NOW)
    await visitor.logIn('ann', hash)
    await chip(visitor, 'Fair').waitFor()
    return visitor
  }
  const chip = ({ page }: Visitor, title: string) =>
    page.locator('.day .chip-task').filter({ hasText: title })
  const day = ({ page }: Visitor, date: string) => page.locator(`.day[data-date="${date}"]`)
  const titlesOn = (visitor: Visitor, date: string) =>
    day(visitor, date).locator('.chip-title').allTextContents()
  const read = async (task: { id: string }) => (await ann.read(task)).json()
  const middleOf = async (one: Locator) => {
    const box = (await one.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 }
    return { x: box.x + box.width / 2, y: box.y + box.height / 2 }
  }
  const drag = async (visitor: Visitor, title: string, date: string) => {
    const from = await middleOf(chip(visitor, title))
    const to = await middleOf(day(visitor, date))
    await visitor.page.mouse.move(from.x, from.y)
    await visitor.page.mouse.down()
    await visitor.page.mouse.move(to.x, to.y, { steps: 4 })
    await visitor.page.mouse.up()
  }

  t.test('a task is on its day wherever the person is, and a date on that very day', async (t) => {
    const days: Record<string, [string, string[], string[]]> = {
      'America/Los_Angeles': ['2026-12-10', ['Fair', 'Tea'], []],
      'Europe/Berlin': ['2026-12-10', ['Fair', 'Tea'], []],
      'Asia/Tokyo': ['2026-12-10', ['Fair'], ['Tea']],
      'Pacific/Kiritimati': ['2026-12-10', ['Fair'], ['Tea']]
    }
    for (const [zone, [date, on, after]] of Object.entries(days)) {
      const visitor = await visitIn(zone)
      t.strictSame(await titlesOn(visitor, date), on, zone)
      t.strictSame(await titlesOn(visitor, '2026-12-11'), after, zone)
      t.strictSame(await titlesOn(visitor, '2026-12-09'), [], zone)
      await visitor.context.close()
    }
  })

  t.test('the mouse takes a task to another day, where it has the same time', async (t) => {
    const visitor = await visitIn('America/Los_Angeles')
    await drag(visitor, 'Tea', '2026-12-24')
    await visitor.page.getByText('“Tea” is due on 24 Dec now.').waitFor()
    t.match(await read(tea), { due_date: '2026-12-24T22:30:45.678Z', all_day: false, version: 2 })
    await drag(visitor, 'Fair', '2026-12-23')
    await visitor.page.getByText('“Fair” is due on 23 Dec now.').waitFor()
    t.match(await read(fair), { due_date: '2026-12-23T23:59:59.999Z', all_day: true, version: 2 })
    t.strictSame(await titlesOn(visitor, '2026-12-23'), ['Fair'])
    t.equal(await visitor.page.locator('dialog').count(), 0, 'the drop opened nothing')
    t.strictSame(await visitor.accessibilityViolations(), [])
    await visitor.page.keyboard.press('u')
    await waitUntil('the undo', async () => (await read(fair)).version === 3)
    t.match(await read(fair), { due_date: '2026-12-10T23:59:59.999Z', all_day: true })
    await visitor.context.close()
  })

  t.test('the keyboard goes from day to day and month to month, and moves tasks', async (t) => {
    const visitor = await visitIn('Europe/Berlin')
    const { page } = visitor
    const focused = () =>
      page.evaluate('document.activeElement.closest("[data-date]").dataset.date')
    await day(visitor, '2026-12-16').getByRole('button').first().focus()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowLeft')
    t.equal(await focused(), '2026-12-22')
    await page.keyboard.press('PageDown')
    await page.getByRole('heading', { name: 'January 2027' }).waitFor()
    t.equal(await focused(), '2027-01-01')
    t.match(page.url(), /month=2027-01/)
    for (let weeks = 0; weeks < 3; weeks++) {
      await page.keyboard.press('ArrowUp')
    }
    await page.getByRole('heading', { name: 'December 2026' }).waitFor()
    t.equal(await focused(), '2026-12-11')
    t.notMatch(page.url(), /month=/)
    await page.keyboard.press('ArrowLeft')
    await chip(visitor, 'Fair').waitFor()
    await page.keyboard.press('Tab')
    await page.keyboard.press(' ')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowRight')
    const said = page.locator('.month > [aria-live=assertive]')
    t.equal(await said.textContent(), 'Friday 18 December')
    await page.keyboard.press('Escape')
    t.strictSame(await titlesOn(visitor, '2026-12-10'), ['Fair'])
    await page.keyboard.press(' ')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press(' ')
    await page.getByText('“Fair” is due on 17 Dec now.').waitFor()
    t.match(await read(fair), { due_date: '2026-12-17T23:59:59.999Z', all_day: true })
    t.equal(await page.evaluate('document.activeElement.textContent'), 'Fair', 'focus is kept')
    await visitor.context.close()
  })

  t.test('a day with many tasks shows some, and all of them on demand', async (t) => {
    for (let i = 0; i < 6; i++) {
      await ann.create({ title: `Gift ${i}`, due_date: '2026-12-24' })
    }
    const visitor = await visitIn('Europe/Berlin')
    const { page } = visitor
    await page.getByRole('button', { name: '5 more on Thursday 24 December' }).click()
    const dialog = page.getByRole('dialog', { name: 'Thursday 24 December' })
    t.equal(await dialog.locator('.chip-task').count(), 7)
    t.strictSame(await visitor.accessibilityViolations(), [])
    await dialog.getByRole('button', { name: 'Gift 5' }).click()
    await page.getByRole('dialog').getByLabel('Title', { exact: true }).fill('Gift for Tom')
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByText('Task saved.').waitFor()
    await page.getByLabel('Title of a new task').fill('Some day')
    await page.keyboard.press('Enter')
    await page.getByText('Added “Some day”. It has no date, so this month').waitFor()
    await visitor.context.close()
  })

  t.test('a task that was changed elsewhere goes back, and what others do appears', async (t) => {
    const visitor = await visitIn('Europe/Berlin', { expectedStatuses: [412] })
    const { page } = visitor
    await page.route(`**/tasks/${fair.id}`, async (route) => {
      await ann.patch(fair, { title: 'Book fair' })
      await route.continue()
    })
    await drag(visitor, 'Fair', '2026-12-02')
    await page.getByText('“Fair” was changed in the meantime, and was not moved.').waitFor()
    await chip(visitor, 'Book fair').waitFor()
    t.strictSame(await titlesOn(visitor, '2026-12-17'), ['Book fair'])
    t.match(await read(fair), { due_date: '2026-12-17T23:59:59.999Z' })
    await ann.create({ title: 'Announced', due_date: '2026-12-03' })
    await day(visitor, '2026-12-03').locator('.chip-task').waitFor()
    await visitor.context.close()
  })

  t.test('a finger that rests on a task takes it to another day', async (t) => {
    const phone = await visitIn('Europe/Berlin', PHONE)
    const { page } = phone
    t.equal(await page.evaluate('document.documentElement.scrollWidth'), 390)
    t.strictSame(await phone.accessibilityViolations(), [])
    const session = await phone.context.newCDPSession(page)
    const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', ...touchPoints: Point[]) =>
      session.send('Input.dispatchTouchEvent', { type, touchPoints })
    const from = await middleOf(chip(phone, 'Book'))
    await touch('touchStart', from)
    await page.locator('.drag-ghost').waitFor()
    await touch('touchMove', { x: from.x, y: from.y - 30 })
    await touch('touchMove', await middleOf(day(phone, '2026-12-08')))
    await page.locator('.drop-target[data-date="2026-12-08"]').waitFor()
    await touch('touchEnd')
    await waitUntil('the move', async () => (await read(fair)).due_date.startsWith('2026-12-08'))
    await phone.context.close()
  })

  t.test('no page logged an error or made an undocumented call', async (t) => {
    t.strictSame(pageFindings(), { errors: [], undocumentedCalls: [] })
  })
})

interface Point {
  x: number
  y: number
}
