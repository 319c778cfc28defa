import type { CDPSession, Locator } from 'playwright-core'
import t from 'tap'
import { createBrowserTestApp, type Visitor, withoutBrowser } from '../../support/browser.ts'
import { projectWith } from '../../support/projects.ts'
import { waitUntil } from '../../support/wait-until.ts'

t.test('boards', { skip: withoutBrowser }, async (t) => {
  const { signUp, visit, pageFindings, events } = await createBrowserTestApp(t, {
    env: { DIRECTORY: 'all' }
  })
  const ann = await signUp('user', 'ann')
  const bob = await signUp('user', 'bob')
  const project = await projectWith(ann, { editor: bob })
  const board = `#/projects/${project.id}?as=board`
  const make = (title: string, more = {}) => ann.create({ title, project_id: project.id, ...more })
  const tasks = new Map<string, { id: string }>()
  for (const title of ['Paint', 'Tiles', 'Sink', 'Lamp']) {
    tasks.set(title, await make(title))
  }
  const taskOf = (title: string) => tasks.get(title) as { id: string }
  const read = async (title: string) => (await ann.read(taskOf(title))).json()
  const anns = await visit({ expectedStatuses: [404, 412] })
  await anns.logIn('ann', board)
  const { page } = anns
  const card = (title: string, { page }: Visitor = anns) =>
    page.locator('.board .card-task').filter({ hasText: title })
  const column = (status: string, { page }: Visitor = anns) =>
    page.locator(`.board-column[data-status=${status}]`)
  const titlesIn = (status: string, visitor: Visitor = anns) =>
    column(status, visitor).locator('.card-task .task-title').allTextContents()
  const settled = () => page.locator('.card-task[aria-busy]').waitFor({ state: 'detached' })
  const middleOf = async (one: Locator) => {
    const { x, y, width, height } = (await one.boundingBox()) as DOMBox
    return { x: x + width / 2, y: y + height / 2 }
  }

  t.test(
    'a card is dragged to another column by the mouse, and keeps its place there',
    async (t) => {
      await card('Lamp').waitFor()
      t.strictSame(await titlesIn('todo'), ['Paint', 'Tiles', 'Sink', 'Lamp'])
      await drag('Tiles', await middleOf(column('in_progress')))
      await settled()
      await drag('Lamp', await middleOf(column('in_progress')))
      await settled()
      const above = await middleOf(card('Tiles'))
      await drag('Lamp', { ...above, y: above.y - 10 })
      await settled()
      t.strictSame(await titlesIn('in_progress'), ['Lamp', 'Tiles'])
      t.match(await read('Lamp'), { status: 'in_progress', version: 3 })
      t.strictSame(await events.of(taskOf('Lamp')), ['task.created', 'task.moved', 'task.moved'])
      await page.reload()
      await anns.logIn('ann', board)
      await card('Lamp').waitFor()
      t.strictSame(await titlesIn('in_progress'), ['Lamp', 'Tiles'])
      await column('in_progress').getByRole('heading', { name: 'In progress 2' }).waitFor()
      t.strictSame(await anns.accessibilityViolations(), [])
    }
  )

  async function drag(title: string, to: { x: number; y: number }, drop = true) {
    const from = await middleOf(card(title))
    await page.mouse.move(from.x, from.y)
    await page.mouse.down()
    await page.mouse.move(to.x, to.y, { steps: 5 })
    if (drop) {
      await page.mouse.up()
    }
  }

  t.test('a card is moved by keyboard: picked up, moved, dropped, or left', async (t) => {
    const said = page.locator('.board-box > [aria-live=assertive]')
    await card('Paint').locator('.task-title').focus()
    await page.keyboard.press(' ')
    await page.keyboard.press('ArrowRight')
    t.equal(await said.textContent(), 'In progress, place 1 of 3.')
    await page.keyboard.press('ArrowDown')
    t.equal(await said.textContent(), 'In progress, place 2 of 3.')
    await page.keyboard.press('Escape')
    t.equal(await said.textContent(), 'Paint stays where it was.')
    t.strictSame(await titlesIn('todo'), ['Paint', 'Sink'])
    await page.keyboard.press(' ')
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await settled()
    t.equal(await said.textContent(), 'Dropped Paint. In progress, place 2 of 3.')
    t.strictSame(await titlesIn('in_progress'), ['Lamp', 'Paint', 'Tiles'])
    t.equal(await page.evaluate('document.activeElement.textContent'), 'Paint', 'focus is kept')
    t.match(await read('Paint'), { status: 'in_progress', version: 2 })
    await page.keyboard.press('ArrowDown')
    t.equal(await page.evaluate('document.activeElement.textContent'), 'Tiles')
    await page.keyboard.press('u')
    await waitUntil('the undo', async () => (await read('Paint')).status === 'todo')
    await column('todo').locator('.card-task', { hasText: 'Paint' }).waitFor()
  })

  t.test('a finger that rests on a card picks it up, and one that moves scrolls', async (t) => {
    const phone = await visit({
      viewport: { width: 390, height: 844 },
      hasTouch: true,
      isMobile: true
    })
    await phone.logIn('ann', board)
    await card('Sink', phone).waitFor()
    t.equal(await phone.page.evaluate('document.documentElement.scrollWidth'), 390)
    t.strictSame(await phone.accessibilityViolations(), [])
    const touch = fingerOn(await phone.context.newCDPSession(phone.page))
    const from = await middleOf(card('Sink', phone))
    await touch('touchStart', from)
    await touch('touchMove', { x: from.x, y: from.y - 60 })
    await touch('touchEnd')
    t.equal(await phone.page.locator('.drag-ghost').count(), 0)
    await phone.page.evaluate('scrollTo(0, 0)')
    const again = await middleOf(card('Sink', phone))
    await touch('touchStart', again)
    await phone.page.locator('.drag-ghost').waitFor()
    await touch('touchMove', { x: again.x + 20, y: again.y })
    await touch('touchMove', { x: 370, y: again.y })
    await phone.page.locator('.board-column.drop-target[data-status=in_progress]').waitFor()
    await touch('touchEnd')
    await waitUntil('the move', async () => (await read('Sink')).status === 'in_progress')
    await phone.context.close()
  })

  t.test('a card that was changed elsewhere goes back, and the reason is shown', async (t) => {
    await column('in_progress').locator('.card-task', { hasText: 'Sink' }).waitFor()
    await page.route('**/changes/**', (route) => route.abort())
    const changing = `**/tasks/${taskOf('Sink').id}`
    await page.route(changing, async (route) => {
      if (route.request().method() === 'PATCH') {
        await bob.patch(taskOf('Sink'), { title: 'Steel sink' })
      }
      await route.continue()
    })
    await drag('Sink', await middleOf(column('done')))
    await page.getByText('“Sink” was changed in the meantime, and was not moved.').waitFor()
    await column('in_progress').locator('.card-task', { hasText: 'Steel sink' }).waitFor()
    t.match(await read('Sink'), { status: 'in_progress', title: 'Steel sink' })
    t.strictSame(await titlesIn('done'), [])
    await page.unroute(changing)
    await page.unroute('**/changes/**')
  })

  t.test('what others do appears, but not under a card that is being dragged', async (t) => {
    await bob.patch(taskOf('Tiles'), { status: 'done' })
    await column('done').locator('.card-task', { hasText: 'Tiles' }).waitFor()
    await drag('Paint', await middleOf(column('done')), false)
    await page.locator('.drag-ghost').waitFor()
    await make('From Bob')
    await bob.patch(taskOf('Lamp'), { status: 'done' })
    const seen = page.waitForResponse(/task-stats/).catch(() => undefined)
    t.equal(await card('From Bob').count(), 0)
    await page.keyboard.press('Escape')
    await page.mouse.up()
    await card('From Bob').waitFor()
    await column('done').locator('.card-task', { hasText: 'Lamp' }).waitFor()
    t.match(await read('Paint'), { status: 'todo' })
    await seen
  })

  t.test(
    'cards of several lists change their column, those of the personal list their place',
    async (t) => {
      const own = await ann.create({ title: 'Own' })
      tasks.set('Own', own)
      await page.evaluate("location.hash = '#/tasks?as=board'")
      await card('Own').waitFor()
      await drag('Own', await middleOf(column('in_progress')))
      await settled()
      t.strictSame(await events.of(own), ['task.created', 'task.updated'])
      t.match(await read('Own'), { status: 'in_progress', position: own.position })
      tasks.set('Second', await ann.create({ title: 'Second', status: 'in_progress' }))
      await page.evaluate("location.hash = '#/tasks?as=board&project=none'")
      await card('Second').waitFor()
      await card('Sink').waitFor({ state: 'detached' })
      const above = await middleOf(card('Own'))
      await drag('Second', { ...above, y: above.y - 10 })
      await settled()
      t.strictSame(await titlesIn('in_progress'), ['Second', 'Own'])
      t.strictSame(await events.of(taskOf('Second')), ['task.created', 'task.moved'])
    }
  )

  t.test('a column shows more on demand, and readers move nothing', async (t) => {
    const carl = await signUp('user', 'carl')
    await ann.send({
      method: 'PUT',
      url: `/api/v1/projects/${project.id}/members/${carl.user.id}`,
      payload: { role: 'viewer' }
    })
    await ann.post('/api/v1/task-batches', {
      operations: Array.from({ length: 30 }, (_, i) => ({
        op: 'create',
        data: { title: `Old ${i}`, status: 'done', project_id: project.id }
      }))
    })
    const carls = await visit()
    await carls.logIn('carl', board)
    await column('done', carls).getByRole('heading', { name: 'Done 32' }).waitFor()
    t.equal((await titlesIn('done', carls)).length, 20)
    await column('done', carls).getByRole('button', { name: 'Show more' }).click()
    await card('Old 29', carls).waitFor()
    t.equal((await titlesIn('done', carls)).length, 32)
    await carls.page.evaluate('scrollTo(0, 0)')
    const from = await middleOf(card('Steel sink', carls))
    await carls.page.mouse.move(from.x, from.y)
    await carls.page.mouse.down()
    await carls.page.mouse.move(from.x - 300, from.y, { steps: 5 })
    t.equal(await carls.page.locator('.drag-ghost').count(), 0)
    await carls.page.mouse.up()
    await carls.context.close()
  })

  t.test('no page logged an error or made an undocumented call', async (t) => {
    t.strictSame(pageFindings(), { errors: [], undocumentedCalls: [] })
  })
})

interface DOMBox {
  x: number
  y: number
  width: number
  height: number
}

/** Returns what puts a finger on the page, moves it and lifts it. */
const fingerOn =
  (session: CDPSession) =>
  (type: 'touchStart' | 'touchMove' | 'touchEnd', at?: { x: number; y: number }) =>
    session.send('Input.dispatchTouchEvent', { type, touchPoints: at ? [at] : [] })
