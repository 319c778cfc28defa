import t from 'tap'
import { createBrowserTestApp, type Visitor, withoutBrowser } from '../../support/browser.ts'
import { createProject } from '../../support/projects.ts'

const NOW = '2026-12-02T11:00:00Z'
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }
const groups = ({ page }: Visitor) =>
  page
    .locator('.tasks > *')
    .evaluateAll((rows: Row[]) =>
      rows.map((row) =>
        row.matches('.group-head')
          ? row.textContent
          : ` ${row.querySelector('.task-title')?.textContent}`
      )
    )
interface Row {
  matches(selector: string): boolean
  textContent: string
  querySelector(selector: string): { textContent: string } | null
}

t.test('the views of tasks', { skip: withoutBrowser }, async (t) => {
  const { signUp, visit, pageFindings } = await createBrowserTestApp(t)
  const ann = await signUp('user', 'ann')
  const visitAt = async (hash: string, options = {}) => {
    const visitor = await visit(options)
    await visitor.page.clock.setFixedTime(NOW)
    await visitor.logIn('ann', hash)
    return visitor
  }
  const openFilters = ({ page }: Visitor) => page.getByRole('button', { name: /^Filter/ }).click()

  t.test('a list by day has a head for each day, in order, whatever comes later', async (t) => {
    const dated = (title: string, due_date?: string) =>
      ann.create({ title, ...(due_date && { due_date }) })
    await dated('No hurry')
    await dated('Next week', '2026-12-20')
    await dated('On Friday', '2026-12-04T09:00:00Z')
    await dated('The day after', '2026-12-03')
    await dated('Tonight', '2026-12-02T20:00:00Z')
    await dated('All day', '2026-12-02')
    await dated('This morning', '2026-12-02T08:00:00Z')
    await dated('The day before', '2026-12-01')
    const after = [
      'Friday 4 Dec 1',
      ' On Friday',
      'Later 1',
      ' Next week',
      'No date 1',
      ' No hurry'
    ]
    const near: Record<string, string[]> = {
      'Europe/Berlin': ['Today 2 Dec 2', ' Tonight', ' All day', 'Tomorrow 3 Dec 1'],
      'America/Los_Angeles': ['Today 2 Dec 2', ' Tonight', ' All day', 'Tomorrow 3 Dec 1'],
      'Asia/Tokyo': ['Today 2 Dec 1', ' All day', 'Tomorrow 3 Dec 2', ' Tonight']
    }
    for (const [timezoneId, days] of Object.entries(near)) {
      const visitor = await visitAt('#/tasks?group=day', { timezoneId })
      await visitor.page.getByText('8 tasks in total').waitFor()
      t.strictSame(
        await groups(visitor),
        ['Overdue 2', ' The day before', ' This morning', ...days, ' The day after', ...after],
        timezoneId
      )
      await visitor.context.close()
    }
  })

  t.test('a row goes to its group when it is made, changed or deleted', async (t) => {
    const visitor = await visitAt('#/tasks?group=day')
    const { page } = visitor
    await page.getByLabel('Title of a new task').fill('Just thought of')
    await page.keyboard.press('Enter')
    await page.locator('.task[data-id]', { hasText: 'Just thought of' }).waitFor()
    t.strictSame((await groups(visitor)).slice(-3), ['No date 2', ' Just thought of', ' No hurry'])
    const task = (await ann.get('/api/v1/tasks?limit=1')).json().data[0]
    await ann.patch(task, { due_date: '2026-12-04' })
    await page.locator('.group-head', { hasText: 'Friday 4 Dec 2' }).waitFor()
    await page.locator('.task', { hasText: 'Just' }).locator('a.task-title').focus()
    await page.keyboard.press('Delete')
    await page.locator('.group-head', { hasText: 'Friday 4 Dec 1' }).waitFor()
    t.not(await page.evaluate('document.activeElement.tagName'), 'BODY', 'focus is kept')
    t.strictSame(await visitor.accessibilityViolations(), [])
    await visitor.context.close()
  })

  t.test('groups by priority and status keep the chosen order, page by page', async (t) => {
    const bob = await signUp('user', 'bob')
    await bob.post('/api/v1/task-batches', {
      operations: Array.from({ length: 90 }, (_, i) => ({
        op: 'create',
        data: {
          title: `Task ${String(i).padStart(2, '0')}`,
          priority: ['low', 'high', 'medium'][i % 3],
          status: ['in_progress', 'todo'][i % 2]
        }
      }))
    })
    const visitor = await visit()
    const { page } = visitor
    await visitor.logIn('bob', '#/tasks?group=priority&sort=title_asc')
    for (const shown of [30, 60, 90]) {
      const last = page.locator('.task').nth(shown - 1)
      await last.waitFor({ state: 'attached' })
      await page.locator('.list-foot').scrollIntoViewIfNeeded()
    }
    await page.getByText('90 tasks in total').waitFor()
    const at = (priority: number) =>
      Array.from({ length: 30 }, (_, i) => ` Task ${String(i * 3 + priority).padStart(2, '0')}`)
    t.strictSame(await groups(visitor), [
      'High priority 30',
      ...at(1),
      'Medium priority 30',
      ...at(2),
      'Low priority 30',
      ...at(0)
    ])
    await page.evaluate('scrollTo(0, 0)')
    await openFilters(visitor)
    await page.getByLabel('Group by').selectOption('Status')
    await page.getByRole('button', { name: 'Close', exact: true }).click()
    await page.locator('.group-head', { hasText: 'To do' }).waitFor()
    t.match(page.url(), /group=status/)
    await page.getByRole('checkbox', { name: 'Done: Task 01' }).click()
    await page.locator('.group-head', { hasText: 'Done 1' }).waitFor()
    await visitor.context.close()
  })

  t.test('filters are chips that remove them, and nothing is lost to the keyboard', async (t) => {
    const project = await createProject(ann, 'Garden')
    await ann.create({ title: 'Mow', project_id: project.id, priority: 'high' })
    const visitor = await visitAt('#/tasks')
    const { page } = visitor
    await openFilters(visitor)
    await page.getByLabel('Priority').selectOption('High')
    await page.getByLabel('Project').selectOption('Garden')
    await page.getByText('1 task in total').waitFor()
    t.strictSame(await visitor.accessibilityViolations(), [])
    await page.keyboard.press('Escape')
    t.match(await page.evaluate('document.activeElement.textContent'), /Filter/)
    t.equal(await page.locator('.filter-panel').isVisible(), false)
    await page.getByRole('button', { name: 'Remove filter: Garden' }).press('Enter')
    await page.getByRole('button', { name: 'Remove filter: Garden' }).waitFor({ state: 'detached' })
    t.match(await page.evaluate('document.activeElement.textContent'), /High priority/)
    t.notMatch(page.url(), /project=/)
    await page.getByRole('button', { name: 'Remove filter: High priority' }).press('Enter')
    await page.getByText('9 tasks in total').waitFor()
    t.match(await page.evaluate('document.activeElement.textContent'), /Filter/)
    await openFilters(visitor)
    t.equal(await page.getByLabel('Priority').inputValue(), '')
    await page.getByLabel('Group by').selectOption('Project')
    await page.locator('.group-head', { hasText: 'Garden 1' }).waitFor()
    t.strictSame((await groups(visitor)).slice(-2), ['Garden 1', ' Mow'])
    t.equal((await groups(visitor))[0], 'No project 8')
    await page.mouse.click(640, 700)
    t.equal(await page.locator('.filter-panel').isVisible(), false)
    await visitor.context.close()
  })

  t.test('a view is saved by name on this device, renamed, opened and deleted', async (t) => {
    const visitor = await visitAt('#/tasks?priority=high&group=day')
    const { page } = visitor
    await openFilters(visitor)
    await page.getByRole('button', { name: 'Save this view…' }).click()
    await page.getByRole('dialog').getByLabel('Name').fill('Urgent')
    await page.keyboard.press('Enter')
    await page.getByRole('link', { name: 'Trash' }).click()
    await page.getByRole('link', { name: 'Urgent' }).click()
    await page.locator('.task', { hasText: 'Mow' }).waitFor()
    t.match(page.url(), /#\/tasks\?priority=high&group=day$/)
    t.equal(await page.getByRole('link', { name: 'Urgent' }).getAttribute('aria-current'), 'page')
    await page.getByRole('button', { name: 'Rename or delete the view Urgent' }).click()
    await page.getByRole('dialog').getByLabel('Name').fill('Pressing')
    await page.getByRole('button', { name: 'Rename', exact: true }).click()
    await page.getByRole('link', { name: 'Pressing' }).waitFor()
    t.strictSame(await visitor.accessibilityViolations(), [])
    await page.getByRole('button', { name: 'Rename or delete the view Pressing' }).click()
    await page.getByRole('button', { name: 'Delete', exact: true }).click()
    await page.getByRole('link', { name: 'Pressing' }).waitFor({ state: 'detached' })
    const stored = [
      { name: 'Evil', hash: 'javascript:alert(1)' },
      { name: 'Elsewhere', hash: '#/users' },
      { name: 7, hash: '#/tasks' },
      { name: '  Good  one ', hash: '#/today?priority=high' }
    ]
    await page.evaluate(`localStorage.setItem('views.${ann.user.id}', '${JSON.stringify(stored)}')`)
    await page.reload()
    await visitor.logIn('ann')
    await page.getByRole('link', { name: 'Good one' }).waitFor()
    t.strictSame(await page.locator('.side-views a').allTextContents(), ['Good one'])
    await visitor.context.close()
  })

  t.test(
    'today holds what is due or overdue, upcoming the rest, and both take tasks',
    async (t) => {
      const visitor = await visitAt('#/today')
      const { page } = visitor
      await page.getByText('4 tasks in total').waitFor()
      t.strictSame(
        (await groups(visitor)).filter((text) => !text?.startsWith(' ')),
        ['Overdue 2', 'Today 2 Dec 2']
      )
      await page.getByLabel('Title of a new task').fill('Before I go')
      await page.keyboard.press('Enter')
      await page.locator('.group-head', { hasText: 'Today 2 Dec 3' }).waitFor()
      const [made] = (await ann.get('/api/v1/tasks?limit=1')).json().data
      t.match(made, { title: 'Before I go', due_date: '2026-12-02T23:59:59.999Z', all_day: true })
      await page.getByRole('link', { name: 'Upcoming' }).click()
      await page.locator('.task', { hasText: 'The day after' }).waitFor()
      t.strictSame(
        (await groups(visitor)).filter((text) => !text?.startsWith(' ')),
        ['Tomorrow 3 Dec 1', 'Friday 4 Dec 1', 'Later 1']
      )
      t.strictSame(await visitor.accessibilityViolations(), [])
      await visitor.context.close()
    }
  )

  t.test('sixteen rows fit on a desktop, and five or more on a telephone', async (t) => {
    for (let i = 0; i < 12; i++) {
      await ann.create({ title: `Row ${i}`, tags: ['one', 'two'], due_date: '2026-12-05' })
    }
    const rowsInSight = ({ page }: Visitor) =>
      page
        .locator('.task')
        .evaluateAll(
          (rows: { getBoundingClientRect(): { bottom: number } }[]) =>
            rows.filter((row) => row.getBoundingClientRect().bottom <= 844).length
        )
    const desktop = await visitAt('#/tasks', { viewport: { width: 1280, height: 800 } })
    await desktop.page.locator('.task', { hasText: 'Row 11' }).waitFor()
    t.ok((await rowsInSight(desktop)) >= 16)
    await desktop.page.evaluate("location.hash = '#/tasks?rows=roomy'")
    await desktop.page.locator('.tasks-roomy .task').first().waitFor()
    t.ok((await rowsInSight(desktop)) < 12, 'roomy rows are higher')
    await desktop.context.close()
    const phone = await visitAt('#/tasks', PHONE)
    await phone.page.locator('.task', { hasText: 'Row 11' }).waitFor()
    t.ok((await rowsInSight(phone)) >= 5)
    t.equal(await phone.page.evaluate('document.documentElement.scrollWidth'), 390)
    t.strictSame(await phone.accessibilityViolations(), [])
    await phone.page.getByRole('button', { name: /^Filter/ }).tap()
    await phone.page.locator('select[name=view]').selectOption('All')
    await phone.page.getByRole('button', { name: 'Remove filter: Open and done' }).waitFor()
    t.strictSame(await phone.accessibilityViolations(), [])
    await phone.context.close()
  })

  t.test('no page logged an error or made an undocumented call', async (t) => {
    t.strictSame(pageFindings(), { errors: [], undocumentedCalls: [] })
  })
})
