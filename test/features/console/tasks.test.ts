import t from 'tap'
import { createBrowserTestApp, type Visitor, withoutBrowser } from '../../support/browser.ts'

t.test('the task pages', { skip: withoutBrowser }, async (t) => {
  const { signUp, visit, calls, pageFindings, events } = await createBrowserTestApp(t)
  const ann = await signUp('user', 'ann')
  const row = ({ page }: Visitor, title: string | RegExp) =>
    page.locator('.task').filter({ hasText: title })
  const visitor = await visit({ timezoneId: 'America/New_York' })
  const { page, logIn, accessibilityViolations } = visitor
  await logIn('ann')

  t.test('an empty list explains what to do, and entering a title creates a task', async (t) => {
    await page.getByText('You have no open tasks').waitFor()
    await page.locator('h1').press('n')
    await page.keyboard.type('Paint the door')
    await page.keyboard.press('Enter')
    await row(visitor, 'Paint the door').locator('a.task-title').waitFor()
    const {
      data: [task]
    } = (await ann.get('/api/v1/tasks')).json()
    t.match(task, { title: 'Paint the door', status: 'todo', version: 1 })
  })

  t.test('markup in a title, a description or a tag is shown as text', async (t) => {
    const markup =
      '<img src=x onerror="document.title=\'taken\'"><script>document.title="taken"</script>'
    await ann.create({ title: markup, description: markup, tags: ['<b>bold</b>'] })
    await page.reload()
    await logIn('ann')
    await page.getByRole('link', { name: markup, exact: true }).waitFor()
    const shown = row(visitor, '<img')
    t.equal(await shown.locator('.task-text').textContent(), markup)
    t.equal(
      await shown.getByRole('button', { name: 'Tasks tagged <b>bold</b>' }).textContent(),
      '<b>bold</b>'
    )
    t.equal(await page.locator('.task img, .task script, .task b').count(), 0)
    t.notMatch(await page.title(), /taken/)
    await shown.getByRole('button', { name: /^History of/ }).click()
    await page.getByRole('dialog').getByText('created the task').waitFor()
    t.equal(await page.locator('dialog img').count(), 0)
    await page.keyboard.press('Escape')
  })

  t.test(
    'a task is edited in its row: only changed fields are sent, and due dates are in local time',
    async (t) => {
      const due = await ann.create({
        title: 'Pay the rent',
        due_date: '2030-01-31T17:00:12.345Z',
        tags: ['a, b']
      })
      await page.getByLabel('Search in titles').fill('rent')
      await row(visitor, 'Pay the rent')
        .getByRole('button', { name: /^Edit / })
        .click()
      const dueFields = ['Due', 'Time'].map((label) =>
        page.getByLabel(label, { exact: true }).last().inputValue()
      )
      t.strictSame(await Promise.all(dueFields), ['2030-01-31', '12:00'], 'noon in New York')
      const [sent] = await Promise.all([
        page.waitForRequest((request) => request.method() === 'PATCH'),
        (async () => {
          await page.getByLabel('Tags', { exact: true }).fill('home')
          await page.getByLabel('Description', { exact: true }).fill('In two parts')
          await page.getByRole('button', { name: 'Save' }).click()
        })()
      ])
      t.strictSame(sent.postDataJSON(), { description: 'In two parts', tags: ['a, b', 'home'] })
      t.equal(sent.headers()['if-match'], '"1"')
      await row(visitor, 'In two parts').waitFor()
      t.equal(
        (await ann.read(due)).json().due_date,
        '2030-01-31T17:00:12.345Z',
        'not cut to minutes'
      )
      await row(visitor, 'Pay the rent').getByRole('button', { name: 'Edit' }).click()
      await page.getByLabel('Due', { exact: true }).last().fill('2020-06-01')
      await page.getByLabel('Time', { exact: true }).last().fill('09:30')
      await page.getByRole('button', { name: 'Save' }).click()
      await row(visitor, 'Overdue: 1 Jun 2020').waitFor()
      t.equal((await ann.read(due)).json().due_date, '2020-06-01T13:30:00.000Z')
    }
  )

  t.test(
    'a validation error appears at its field, with the request id, and no input is lost',
    async (t) => {
      const strict = await visit({ expectedStatuses: [400] })
      await strict.logIn('ann', '#/tasks?q=rent')
      await row(strict, 'Pay the rent')
        .getByRole('button', { name: /^Edit / })
        .click()
      await strict.page.getByLabel('Title', { exact: true }).fill('x'.repeat(201))
      await strict.page.getByRole('button', { name: 'Save' }).click()
      await strict.page.getByText('must be one line of 1 to 200 characters').waitFor()
      t.equal(
        await strict.page.getByLabel('Title', { exact: true }).getAttribute('aria-invalid'),
        'true'
      )
      t.match(
        await strict.page.locator('form.task-form .request-id').textContent(),
        /Request ID [0-9a-f-]{36}$/
      )
      t.equal(await strict.page.getByLabel('Title', { exact: true }).inputValue(), 'x'.repeat(201))
      await strict.context.close()
    }
  )

  t.test(
    'unsaved input survives a search, and leaving the page asks for confirmation',
    async (t) => {
      await row(visitor, 'Pay the rent').getByRole('button', { name: 'Edit' }).click()
      const text = page.getByLabel('Description', { exact: true })
      await text.fill('Half a sentence')
      await page.getByLabel('Search in titles').fill('nothing like it')
      await page.locator('.tasks:not([aria-busy])').waitFor()
      await page.getByText('1 task in total').waitFor()
      t.equal(await text.inputValue(), 'Half a sentence')
      const question = page.getByRole('dialog', { name: 'Leave without saving?' })
      await page.getByRole('link', { name: 'Trash' }).click()
      await question.getByRole('button', { name: 'Cancel' }).click()
      t.equal(await text.inputValue(), 'Half a sentence')
      t.match(page.url(), /#\/tasks/)
      await page.getByRole('link', { name: 'Trash' }).click()
      await question.getByRole('button', { name: 'Leave' }).click()
      await page.getByRole('heading', { name: 'Trash' }).waitFor()
      await page.goto(page.url().replace(/#.*/, '#/tasks?q=rent'))
      await row(visitor, 'In two parts').waitFor()
    }
  )

  t.test(
    'a task can be completed and reopened by its checkbox and from the keyboard',
    async (t) => {
      await page.getByRole('checkbox', { name: 'Done: Pay the rent' }).click()
      await page
        .locator('.task-done', { hasText: 'Pay the rent' })
        .and(page.locator(':not([aria-busy])'))
        .waitFor()
      const [task] = (await ann.get('/api/v1/tasks?q=rent')).json().data
      t.match(task, { status: 'done', completed: true })
      await page.locator('a.task-title', { hasText: 'Pay the rent' }).focus()
      await page.keyboard.press('d')
      await page
        .locator('.task:not(.task-done):not([aria-busy])', { hasText: 'Pay the rent' })
        .waitFor()
      t.match((await ann.read(task)).json(), { status: 'todo' })
      t.strictSame(await events.of(task), ['task.created', ...Array(4).fill('task.updated')])
    }
  )

  t.test('a deleted task can be restored by undo and from the trash', async (t) => {
    const [task] = (await ann.get('/api/v1/tasks?q=rent')).json().data
    await page.locator('a.task-title', { hasText: 'Pay the rent' }).focus()
    await page.keyboard.press('Delete')
    await page.getByText('Moved “Pay the rent” to the trash.').waitFor()
    t.equal((await ann.read(task)).statusCode, 404)
    await page.keyboard.press('u')
    await row(visitor, 'Pay the rent').waitFor()
    t.equal((await ann.read(task)).statusCode, 200)
    await row(visitor, 'Pay the rent').getByRole('button', { name: 'Delete Pay the rent' }).click()
    await page.getByText('Moved “Pay the rent” to the trash.').waitFor()
    await page.getByRole('link', { name: 'Trash' }).click()
    await page.getByRole('button', { name: 'Restore Pay the rent' }).click()
    await page.getByText('Restored “Pay the rent”.').waitFor()
    await page.getByText('The trash is empty').waitFor()
    t.equal((await ann.read(task)).statusCode, 200)
  })

  t.test('the history of a task shows old and new values', async (t) => {
    await page.getByRole('link', { name: 'Tasks', exact: true }).click()
    await row(visitor, 'Pay the rent')
      .getByRole('button', { name: 'History of Pay the rent' })
      .click()
    const history = page.getByRole('dialog')
    await history.getByText('restored the task from the trash').first().waitFor()
    t.match(
      await history.locator('li', { hasText: 'In two parts' }).textContent(),
      /^You changed the task .*Tagsa, b → a, b, homeDescriptionnone → In two parts$/
    )
    t.strictSame(await accessibilityViolations(), [])
    await page.keyboard.press('Escape')
  })

  t.test('filters, search and order are part of the URL and survive a reload', async (t) => {
    await ann.create({ title: 'Water the roses', priority: 'high', tags: ['garden'] })
    await ann.create({ title: 'Prune the roses', priority: 'low', tags: ['garden'] })
    await page.getByLabel('Search in titles').fill('roses')
    await page.getByRole('button', { name: 'Filter', exact: true }).click()
    await page.getByLabel('Order').selectOption('Title A–Z')
    await page.getByRole('button', { name: 'All' }).click()
    await page.locator('.list-end', { hasText: '2 tasks in total' }).waitFor()
    t.strictSame(await page.locator('.task-title').allTextContents(), [
      'Prune the roses',
      'Water the roses'
    ])
    t.match(page.url(), /#\/tasks\?.*view=all/)
    t.match(page.url(), /q=roses/)
    t.match(page.url(), /sort=title_asc/)
    await page.getByRole('button', { name: 'Filter', exact: true }).click()
    await page.getByLabel('Priority').selectOption('High')
    await page.locator('.list-end', { hasText: '1 task in total' }).waitFor()
    await page.reload()
    await logIn('ann', new URL(page.url()).hash)
    await row(visitor, 'Water the roses').waitFor()
    t.equal(await page.getByLabel('Search in titles').inputValue(), 'roses')
    t.strictSame(await page.locator('.task-title').allTextContents(), ['Water the roses'])
    await row(visitor, 'Water').getByRole('button', { name: 'Tasks tagged garden' }).click()
    await page.getByRole('button', { name: 'Remove filter: Tagged garden' }).waitFor()
    t.match(page.url(), /tag=garden/)
  })

  t.test('a list loads more at its end and shows each task once', async (t) => {
    const bob = await signUp('user', 'bob')
    for (const from of [0, 100]) {
      await bob.post('/api/v1/task-batches', {
        operations: Array.from({ length: from === 0 ? 100 : 30 }, (_, i) => ({
          op: 'create',
          data: { title: `Task ${from + i}` }
        }))
      })
    }
    const { page: list, logIn: enter, context } = await visit()
    await enter('bob')
    await list.getByRole('button', { name: 'Load more' }).waitFor()
    t.equal(await list.locator('.task').count(), 50)
    for (const shown of [100, 130]) {
      await list.locator('.list-foot').scrollIntoViewIfNeeded()
      await list
        .locator('.task')
        .nth(shown - 1)
        .waitFor({ state: 'attached' })
    }
    await list.getByText('130 tasks in total').waitFor()
    t.equal(new Set(await list.locator('.task-title').allTextContents()).size, 130)
    await list.getByRole('button', { name: 'Open 130' }).waitFor()
    await context.close()
  })

  t.test(
    'the list and the form pass axe in both themes and fit a width of 360 pixels',
    async (t) => {
      const narrow = await visit({
        viewport: { width: 360, height: 740 },
        hasTouch: true,
        isMobile: true
      })
      await narrow.logIn('ann')
      await row(narrow, 'Water the roses').waitFor()
      t.strictSame(await narrow.accessibilityViolations(), [])
      await row(narrow, 'Water the roses').locator('a.task-title').tap()
      await narrow.page.getByText('You created the task').waitFor()
      t.strictSame(await narrow.accessibilityViolations(), [])
      t.equal(await narrow.page.evaluate('document.documentElement.scrollWidth'), 360)
      await narrow.page.getByRole('button', { name: 'Menu' }).click()
      await narrow.page.getByRole('link', { name: 'Trash' }).click()
      await narrow.page.getByRole('heading', { name: 'Trash' }).waitFor()
      t.strictSame(await narrow.accessibilityViolations(), [])
      await narrow.context.close()
    }
  )

  t.test(
    'no page reports an error or violates its policy, and all calls are in the contract',
    async (t) => {
      const { errors, undocumentedCalls } = pageFindings()
      t.strictSame(errors, [])
      t.strictSame(undocumentedCalls, [])
      t.ok(calls.length > 30)
    }
  )
})
