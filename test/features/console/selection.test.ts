import t from 'tap'
import { createBrowserTestApp, type Visitor, withoutBrowser } from '../../support/browser.ts'
import { projectWith } from '../../support/projects.ts'

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }

t.test('several tasks at once', { skip: withoutBrowser }, async (t) => {
  const { signUp, visit, calls, pageFindings } = await createBrowserTestApp(t, {
    env: { DIRECTORY: 'all' }
  })
  const ann = await signUp('user', 'ann', { name: 'Ann Lee' })
  const tom = await signUp('user', 'tom', { name: 'Tom' })
  const project = await projectWith(ann, { editor: tom })
  const titles = ['One', 'Two', 'Three', 'Four', 'Five', 'Six']
  const tasks: { id: string }[] = []
  for (const title of titles) {
    tasks.push(await ann.create({ title, project_id: project.id, tags: ['old'] }))
  }
  const anns = await visit({ expectedStatuses: [412], allowNetworkErrors: true })
  const { page, logIn, accessibilityViolations } = anns
  await logIn('ann', '#/tasks?sort=created_at_asc')
  const row = (title: string, { page }: Visitor = anns) =>
    page.locator('.task').filter({ has: page.getByRole('link', { name: title, exact: true }) })
  const bar = page.getByRole('toolbar', { name: 'Selected tasks' })
  const selected = () => page.locator('.task-selected .task-title').allTextContents()
  const act = (name: string) => bar.getByRole('button', { name, exact: true }).click()
  const dialog = page.getByRole('dialog')
  const said = (text: string) => page.locator('#toasts').getByText(text).waitFor()
  const read = async (i: number) => (await ann.read(tasks[i] as { id: string })).json()
  const batches = () => calls.filter(({ path }) => path === '/api/v1/task-batches').length

  t.test(
    'rows are selected by box, Ctrl, Shift and the keyboard, and let go by Escape',
    async (t) => {
      await row('Two').getByRole('checkbox', { name: 'Select Two' }).check()
      await row('Five').click({ modifiers: ['Control'], position: { x: 600, y: 6 } })
      t.strictSame(await selected(), ['Two', 'Five'])
      await bar.getByText('2 selected').waitFor()
      await row('Three').click({ modifiers: ['Shift'], position: { x: 600, y: 6 } })
      t.strictSame(await selected(), ['Two', 'Three', 'Four', 'Five'])
      t.strictSame(await accessibilityViolations(), [])
      await page.keyboard.press('Escape')
      t.strictSame(await selected(), [])
      await bar.waitFor({ state: 'hidden' })
      await row('Three').locator('a.task-title').focus()
      await page.keyboard.press('x')
      await page.keyboard.press('Shift+ArrowDown')
      await page.keyboard.press('Shift+ArrowDown')
      t.strictSame(await selected(), ['Three', 'Four', 'Five'])
      await page.keyboard.press('x')
      t.strictSame(await selected(), ['Three', 'Four'])
      const focused = () => page.evaluate('document.activeElement.textContent')
      t.match(await focused(), 'Five')
      await page.keyboard.press('ArrowUp')
      t.match(await focused(), 'Four')
      await page.keyboard.press('ArrowDown')
      t.match(await focused(), 'Five')
      t.strictSame(await selected(), ['Three', 'Four'], 'an arrow alone selects nothing')
    }
  )

  t.test('one batch changes all of them, and one undo takes it back', async (t) => {
    const before = batches()
    await act('Tag')
    await dialog.getByLabel('Tags').fill('new')
    await dialog.getByRole('button', { name: 'Add tags' }).click()
    await said('2 tasks are tagged.')
    t.strictSame(
      [(await read(2)).tags, (await read(3)).tags],
      [
        ['old', 'new'],
        ['old', 'new']
      ]
    )
    t.equal(batches(), before + 1)
    t.strictSame(await selected(), [], 'what was done is not selected any more')
    await page.keyboard.press('Control+z')
    await said('Undone: 2 tasks are tagged.')
    t.strictSame([(await read(2)).tags, (await read(3)).tags], [['old'], ['old']])
    for (const title of ['One', 'Two']) {
      await row(title)
        .getByRole('checkbox', { name: /^Select/ })
        .check()
    }
    await act('Assign')
    await dialog.getByLabel('Assign to').fill('to')
    await dialog.getByRole('option', { name: /^Tom/ }).click()
    await dialog.getByRole('button', { name: 'Assign', exact: true }).click()
    await said('2 tasks are assigned.')
    t.equal((await read(1)).assignee_id, tom.user.id)
    for (const title of ['One', 'Two']) {
      await row(title)
        .getByRole('checkbox', { name: /^Select/ })
        .check()
    }
    await act('Due')
    await dialog.getByLabel('Due').fill('2030-03-03')
    await dialog.getByRole('button', { name: 'Set' }).click()
    await said('2 tasks are due then.')
    t.match(await read(0), { due_date: '2030-03-03T23:59:59.999Z', all_day: true })
  })

  t.test('what fails stays selected and says why, and the rest is done', async (t) => {
    await page.route(/\/changes\/stream/, (route) => route.abort())
    for (const title of ['One', 'Two', 'Six']) {
      await row(title)
        .getByRole('checkbox', { name: /^Select/ })
        .check()
    }
    // Behind the page's back: what it has seen is outdated before it knows.
    await page.route(/\/task-batches/, async (route) => {
      await tom.patch(tasks[1] as { id: string }, { priority: 'high' })
      await route.continue()
    })
    await act('Complete')
    await said('2 tasks are done. 1 task could not be changed and stays selected.')
    await row('Two').getByText('Changed elsewhere in the meantime').waitFor()
    t.strictSame(await selected(), ['Two'])
    await page.unroute(/\/task-batches/)
    t.strictSame([(await read(0)).status, (await read(1)).status], ['done', 'todo'])
    await page.keyboard.press('Escape')
    await page.locator('h1').press('u')
    await said('Undone: 2 tasks are done.')
    await row('One').waitFor()
    t.strictSame([(await read(0)).status, (await read(5)).status], ['todo', 'todo'])
  })

  t.test('tasks move to another project, or to the trash and back', async (t) => {
    for (const title of ['Five', 'Six']) {
      await row(title)
        .getByRole('checkbox', { name: /^Select/ })
        .check()
    }
    await act('Move')
    await dialog.getByLabel('Project').selectOption('None, a personal task')
    await dialog.getByRole('button', { name: 'Move' }).click()
    await said('2 tasks are in another project.')
    t.equal((await read(5)).project_id, null)
    await page.locator('h1').press('u')
    await said('Undone: 2 tasks are in another project.')
    t.equal((await read(5)).project_id, project.id)
    for (const title of ['Five', 'Six']) {
      await row(title)
        .getByRole('checkbox', { name: /^Select/ })
        .check()
    }
    await act('Delete')
    await said('2 tasks are in the trash.')
    await row('Six').waitFor({ state: 'detached' })
    await page.locator('h1').press('u')
    await row('Six').waitFor()
    t.strictSame([(await read(4)).title, (await read(5)).title], ['Five', 'Six'])
  })

  t.test('what was just taken back can be changed again at once', async (t) => {
    for (const title of ['Five', 'Six']) {
      await row(title)
        .getByRole('checkbox', { name: /^Select/ })
        .check()
    }
    await act('Due')
    await dialog.getByLabel('Due').fill('2030-04-04')
    await dialog.getByRole('button', { name: 'Set' }).click()
    await row('Six').getByText('4 Apr 2030').waitFor()
    // Lists are not loaded again before what follows has been done.
    await page.route(/\/tasks\?/, (route) => route.abort())
    await page.locator('h1').press('u')
    for (const title of ['Five', 'Six']) {
      await row(title).getByText('2030').waitFor({ state: 'detached' })
      await row(title)
        .getByRole('checkbox', { name: /^Select/ })
        .check()
    }
    await act('Delete')
    await row('Six').waitFor({ state: 'detached' })
    await page.unroute(/\/tasks\?/)
    t.equal((await ann.read(tasks[4] as { id: string })).statusCode, 404)
    await page.locator('h1').press('u')
    await row('Six').waitFor()
  })

  t.test('on a telephone a long press selects, and the bar fits', async (t) => {
    const phone = await visit(PHONE)
    await phone.logIn('ann', '#/tasks?sort=created_at_asc')
    await row('Three', phone).waitFor()
    const box = await row('Three', phone).locator('.task-title').boundingBox()
    const session = await phone.context.newCDPSession(phone.page)
    const touchPoints = [{ x: (box?.x ?? 0) + 5, y: (box?.y ?? 0) + 5 }]
    await session.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints })
    await phone.page.locator('.task-selected').waitFor()
    await session.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] })
    await row('Four', phone).getByRole('checkbox', { name: 'Select Four' }).tap()
    await phone.page.getByText('2 selected').waitFor()
    t.match(phone.page.url(), /#\/tasks\?/, 'the title was not opened')
    t.strictSame(await phone.accessibilityViolations(), [])
    t.equal(await phone.page.evaluate('document.documentElement.scrollWidth'), 390)
    await phone.context.close()
  })

  t.test('no page reports an error, and all calls are in the contract', async (t) => {
    t.strictSame(pageFindings(), { errors: [], undocumentedCalls: [] })
  })
})
