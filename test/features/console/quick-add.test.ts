import t from 'tap'
import { createBrowserTestApp, withoutBrowser } from '../../support/browser.ts'
import { projectWith } from '../../support/projects.ts'

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }
/** A Friday, 11 o'clock in Berlin. */
const NOW = '2026-11-27T10:00:00.000Z'

t.test('adding tasks in words', { skip: withoutBrowser }, async (t) => {
  const { signUp, visit, calls, pageFindings } = await createBrowserTestApp(t, {
    env: { DIRECTORY: 'all' }
  })
  const ann = await signUp('user', 'ann', { name: 'Ann Lee' })
  const tom = await signUp('user', 'tom', { name: 'Tom Stone' })
  const project = await projectWith(ann, { editor: tom })
  await ann.create({ title: 'With tags', tags: ['home', 'two words'] })
  const { page, logIn, accessibilityViolations } = await visit({ expectedStatuses: [412] })
  await page.clock.setFixedTime(new Date(NOW))
  await logIn('ann')
  const input = page.getByLabel('Title of a new task')
  const chips = page.getByRole('list', { name: 'Understood as' }).getByRole('listitem')
  const understood = async (text: string, count: number) => {
    await input.fill(text)
    await chips.nth(Math.max(0, count - 1)).waitFor({ state: count > 0 ? 'visible' : 'detached' })
    return (await chips.allTextContents()).map((chip) => chip.replace(/×$/, ''))
  }
  const paste = (text: string) =>
    page.evaluate(`{
      const clipboardData = new DataTransfer()
      clipboardData.setData('text/plain', ${JSON.stringify(text)})
      document
        .querySelector('.quick-add input')
        .dispatchEvent(new ClipboardEvent('paste', { clipboardData, cancelable: true }))
    }`)
  const add = async (text: string) => {
    const [request] = await Promise.all([
      page.waitForRequest(
        (request) => request.method() === 'POST' && request.url().endsWith('/tasks')
      ),
      input.fill(text).then(() => input.press('Enter'))
    ])
    await page.locator('.task-draft').waitFor({ state: 'detached' })
    return request.postDataJSON()
  }

  t.test(
    'dates in words are understood in the local zone, and what only looks like one is not',
    async (t) => {
      for (const [text, chip, body] of [
        ['Pay rent by fri', 'Due Today', { title: 'Pay rent', due_date: '2026-11-27' }],
        ['Call in 3 days', 'Due 30 Nov', { title: 'Call', due_date: '2026-11-30' }],
        ['Party 31.12.', 'Due 31 Dec', { title: 'Party', due_date: '2026-12-31' }],
        ['Einkaufen morgen', 'Due Tomorrow', { title: 'Einkaufen', due_date: '2026-11-28' }],
        ['Tax 5/3/2027', 'Due 5 Mar 2027', { title: 'Tax', due_date: '2027-03-05' }],
        [
          'Run tomorrow 9:00',
          'Due Tomorrow 9:00',
          { title: 'Run', due_date: '2026-11-28T08:00:00.000Z' }
        ]
      ] as const) {
        t.strictSame(await understood(text, 1), [chip], text)
        t.strictSame(await add(text), body, text)
      }
      for (const text of [
        'Upgrade to 2.10',
        'Ask if I may go',
        'Use 3/4 inch',
        'No 31.2.',
        'tomorrow'
      ]) {
        t.strictSame(await add(text), { title: text })
      }
    }
  )

  t.test(
    'signs mean a priority, tags, a person and a project, and all is shown before it is saved',
    async (t) => {
      const text = 'Paint the door !high #home #"two words" @Tom Stone /Kitchen monday'
      t.strictSame(await understood(text, 6), [
        'Priority High',
        'Tag home',
        'Tag two words',
        'Assigned to Tom Stone',
        'Project Kitchen',
        'Due 30 Nov'
      ])
      t.strictSame(await accessibilityViolations(), [])
      t.strictSame(await add(text), {
        title: 'Paint the door',
        priority: 'high',
        tags: ['home', 'two words'],
        assignee_id: tom.user.id,
        project_id: project.id,
        due_date: '2026-11-30'
      })
      t.strictSame(await add('Ring @nobody about #12 at http://x.y/Kitchen'), {
        title: 'Ring @nobody about #12 at http://x.y/Kitchen'
      })
    }
  )

  t.test(
    'Escape leaves the field with what was typed, so that keys are shortcuts again',
    async (t) => {
      await input.fill('Half a thought')
      await input.press('Escape')
      await page.locator('h1:focus').waitFor()
      t.equal(await input.inputValue(), 'Half a thought')
      await page.keyboard.press('j')
      await page.locator('.tasks .task-title:focus').first().waitFor()
    }
  )

  t.test('a word is kept in the title by its chip, by a backslash and by quotes', async (t) => {
    await understood('Read tomorrow !low', 2)
    await page.getByRole('button', { name: 'Keep “tomorrow” in the title' }).click()
    t.strictSame(await chips.allTextContents(), ['Priority Low×'])
    const [request] = await Promise.all([
      page.waitForRequest((request) => request.method() === 'POST'),
      input.press('Enter')
    ])
    t.strictSame(request.postDataJSON(), { title: 'Read tomorrow', priority: 'low' })
    await page.locator('.task-draft').waitFor({ state: 'detached' })
    t.strictSame(await add('Fix \\#home \\tomorrow'), { title: 'Fix #home tomorrow' })
    t.strictSame(await add('Sing "Tomorrow" !low'), { title: 'Sing "Tomorrow"', priority: 'low' })
  })

  t.test('Enter takes no suggestion that what is typed cannot mean', async (t) => {
    await input.fill('')
    await input.pressSequentially('Meet #')
    await page.locator('[role=option]', { hasText: 'home' }).waitFor()
    // Both at once, before the suggestions for it are found.
    await page.evaluate(`
      document.execCommand('insertText', false, 'two')
      document.activeElement.dispatchEvent(
        new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true })
      )`)
    t.match(await input.inputValue(), '#"two words" ')
    await input.fill('')
  })

  t.test('completions are offered for # @ / and !, and taken by the keyboard', async (t) => {
    await input.fill('')
    for (const [typed, option] of [
      ['Meet #two', 'two words'],
      ['@to', 'Tom Stone tom'],
      ['/kit', 'Kitchen'],
      ['!h', 'High']
    ] as const) {
      await page.keyboard.press('End')
      await input.pressSequentially(typed)
      await page.locator('[role=option]', { hasText: option }).waitFor()
      await page.keyboard.press('Enter')
    }
    t.equal(await input.inputValue(), 'Meet #"two words" @tom /Kitchen !high ')
    t.equal(await chips.count(), 4)
    await input.fill('')
  })

  t.test(
    'pasted lines become tasks by one batch after a preview, and go by one undo',
    async (t) => {
      const text = '- [ ] Sand it\n\n- Buy paint tomorrow #home\n3. Mask the hinges\n'
      const before = calls.length
      await paste(text)
      const dialog = page.getByRole('dialog', { name: 'Add 3 tasks' })
      await dialog.waitFor()
      t.strictSame(await dialog.locator('li').allTextContents(), [
        'Sand it',
        'Buy paint Tomorrow · home',
        'Mask the hinges'
      ])
      t.strictSame(await accessibilityViolations(), [])
      await dialog.getByRole('button', { name: 'Add 3 tasks' }).click()
      await page.getByText('Added 3 tasks.').waitFor()
      t.strictSame(
        calls
          .slice(before)
          .filter(({ method }) => method === 'POST')
          .map(({ path }) => path),
        ['/api/v1/task-batches']
      )
      t.match((await ann.get('/api/v1/tasks?q=paint')).json().data, [
        { title: 'Buy paint', due_date: '2026-11-28T23:59:59.999Z', tags: ['home'] },
        {}
      ])
      await page.locator('h1').press('u')
      await page.getByText('Undone: 3 tasks were added.').waitFor()
      await page.locator('.task', { hasText: 'Sand it' }).waitFor({ state: 'detached' })
      t.equal((await ann.get('/api/v1/tasks?q=sand')).json().data.length, 0)
    }
  )

  t.test('a long text is offered up to the limits of tasks, with few look-ups', async (t) => {
    const long = `${'all work and no play '.repeat(100)}!high`
    const lines = Array.from({ length: 5000 }, (_, i) => `@somebody${i} said ${i} tomorrow`)
    const before = calls.length
    await paste([long, ...lines].join('\n'))
    const dialog = page.getByRole('dialog', { name: 'Add 100 tasks' })
    await dialog.getByText('These are the first 100 of 5001 lines.').waitFor()
    await dialog.getByRole('button', { name: 'Add 100 tasks' }).click()
    await page.getByText('Added 100 tasks.').waitFor()
    t.ok(calls.slice(before).filter(({ path }) => path.endsWith('/people')).length <= 20)
    t.match((await ann.get('/api/v1/tasks?q=play')).json().data, [
      { title: /^all work and .*…$/, description: long, priority: 'medium' }
    ])
    await page.locator('h1').press('u')
    await page.getByText('Undone: 100 tasks were added.').waitFor()
  })

  t.test('it works on a telephone, and no page reports an error', async (t) => {
    const phone = await visit(PHONE)
    await phone.logIn('ann')
    await phone.page.getByLabel('Title of a new task').fill('Water the roses today !high #home')
    await phone.page.locator('.chip', { hasText: 'Due Today' }).waitFor()
    t.strictSame(await phone.accessibilityViolations(), [])
    t.equal(await phone.page.evaluate('document.documentElement.scrollWidth'), 390)
    await phone.context.close()
    t.strictSame(pageFindings(), { errors: [], undocumentedCalls: [] })
  })
})
