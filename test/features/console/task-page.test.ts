import t from 'tap'
import { createBrowserTestApp, withoutBrowser } from '../../support/browser.ts'
import { projectWith } from '../../support/projects.ts'
import { waitUntil } from '../../support/wait-until.ts'

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }
const MARKDOWN = [
  '# Colours',
  'A **bold** [link](https://example.com/a?b=1&c=2), [none](javascript:alert(1)), <b>raw</b> &amp; `x < y`',
  '![a picture](https://example.com/pixel.png)',
  '<img src=x onerror="document.title=\'taken\'"><script>document.title="taken"</script>',
  '- [x] done\n- [ ] open',
  '| a | b |\n|---|---|\n| 1 | 2 |'
].join('\n\n')

t.test('the page of a task', { skip: withoutBrowser }, async (t) => {
  const { signUp, visit, pageFindings, events } = await createBrowserTestApp(t, {
    env: { DIRECTORY: 'all' }
  })
  const ann = await signUp('user', 'ann', { name: 'Ann Lee' })
  const tom = await signUp('user', 'tom', { name: 'Tom' })
  const viv = await signUp('user', 'viv', { name: 'Viv' })
  const project = await projectWith(ann, { editor: tom, viewer: viv })
  const task = await ann.create({
    title: 'Paint the door',
    description: MARKDOWN,
    project_id: project.id
  })
  const anns = await visit({ expectedStatuses: [404, 412] })
  const { page, logIn, accessibilityViolations } = anns
  await logIn('ann')
  const part = (name: string) => page.getByRole('region', { name, exact: true })
  const read = async () => (await ann.read(task)).json()
  const show = (hash: string) => page.evaluate(`location.hash = ${JSON.stringify(hash)}`)

  t.test(
    'a title in a list leads to it, and Markdown is shown without what it could run or load',
    async (t) => {
      const requests: string[] = []
      page.on('request', (request) => requests.push(request.url()))
      await page.getByRole('link', { name: 'Paint the door' }).click()
      await page.getByRole('heading', { name: 'Paint the door' }).waitFor()
      t.match(page.url(), new RegExp(`#/tasks/${task.id}$`))
      t.match(await page.title(), /^Paint the door · /)
      const text = part('Description').locator('.markdown:not(.markdown-plain)')
      await text.getByRole('heading', { name: 'Colours' }).waitFor()
      const link = text.getByRole('link', { name: 'link', exact: true })
      t.equal(await link.getAttribute('href'), 'https://example.com/a?b=1&c=2')
      t.match(await link.getAttribute('rel'), /noopener/)
      t.equal(await text.locator('strong').textContent(), 'bold')
      t.equal(await text.locator('img, script, b, [href^=javascript]').count(), 0)
      t.match(await text.textContent(), /none, <b>raw<\/b> & x < y/)
      t.equal(await text.getByRole('link', { name: 'a picture' }).count(), 1, 'an image is a link')
      t.strictSame(await text.locator('td').allTextContents(), ['1', '2'])
      t.strictSame(
        requests.filter((url) => url.includes('example.com')),
        []
      )
      t.notMatch(await page.title(), /taken/)
      t.strictSame(await accessibilityViolations(), [])
    }
  )

  t.test('each fact is changed in its place by one request with the version', async (t) => {
    const sent: unknown[] = []
    page.on('request', (request) => {
      if (request.method() === 'PATCH') {
        sent.push([request.postDataJSON(), request.headers()['if-match']])
      }
    })
    const saved = (version: number) =>
      waitUntil('the change', async () => (await read()).version === version)
    await page.getByLabel('Status').selectOption('In progress')
    await saved(2)
    await page.getByLabel('Priority').selectOption('High')
    await saved(3)
    await page.getByLabel('Due', { exact: true }).fill('2030-03-03')
    await page.getByLabel('Due', { exact: true }).press('Enter')
    await saved(4)
    await page.getByLabel('Assigned to').fill('to')
    await page.getByRole('option', { name: /^Tom/ }).click()
    await saved(5)
    await page.getByLabel('Tags').fill('home')
    await page.getByLabel('Tags').press('Enter')
    await saved(6)
    await page.getByRole('button', { name: 'Edit the title' }).click()
    await page.getByLabel('Title', { exact: true }).fill('Paint the gate')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Paint the gate' }).waitFor()
    await page.getByRole('button', { name: 'Edit (description)' }).click()
    await page.getByRole('textbox', { name: 'Description' }).fill('With *two* coats')
    await page.keyboard.press('Control+Enter')
    await part('Description').locator('em', { hasText: 'two' }).waitFor()
    t.strictSame(sent, [
      [{ status: 'in_progress' }, '"1"'],
      [{ priority: 'high' }, '"2"'],
      [{ due_date: '2030-03-03' }, '"3"'],
      [{ assignee_id: tom.user.id }, '"4"'],
      [{ tags: ['home'] }, '"5"'],
      [{ title: 'Paint the gate' }, '"6"'],
      [{ description: 'With *two* coats' }, '"7"']
    ])
    await part('Activity').getByText('You changed the description').waitFor()
    const said = (await part('Activity').locator('p').allTextContents()).slice(0, 7)
    t.strictSame(said, [
      'You created the task',
      'You moved it to In progress',
      'You set the priority to High',
      'You set the due date to 3 Mar 2030',
      'You assigned it to Tom',
      'You added the tag home',
      'You renamed it to Paint the gate'
    ])
    t.equal((await events.of(task)).length, 8)
  })

  t.test('changes of others appear, but never where somebody types', async (t) => {
    await page.getByRole('button', { name: 'Edit (description)' }).click()
    const text = page.getByRole('textbox', { name: 'Description' })
    await text.fill('Half a sentence')
    await tom.patch(task, { status: 'done', description: 'By Tom' })
    await part('Activity').getByText('Tom moved it to Done').waitFor()
    t.equal(await page.getByLabel('Status').inputValue(), 'done')
    t.equal(await text.inputValue(), 'Half a sentence')
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    const conflict = page.getByRole('dialog', { name: 'This task was changed in the meantime' })
    await conflict.getByRole('radio', { name: 'Description: yours' }).check()
    await conflict.getByRole('radio', { name: 'Status: current' }).check()
    await conflict.getByRole('button', { name: 'Save selection' }).click()
    await part('Description').getByText('Half a sentence').waitFor()
    t.match(await read(), { status: 'done', description: 'Half a sentence' })
    await page.getByRole('button', { name: 'Edit (description)' }).click()
    await text.fill('Whole')
    await tom.patch(task, { status: 'todo' })
    await part('Activity').getByText('Tom moved it to To do').waitFor()
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await part('Description').getByText('Whole').waitFor()
    t.match(
      await read(),
      { status: 'todo', description: 'Whole' },
      'no question without a conflict'
    )
  })

  t.test('subtasks are added, completed and opened, down to the third level', async (t) => {
    const add = page.getByLabel('Title of a new subtask')
    await add.fill('Buy paint')
    await add.press('Enter')
    await part('Subtasks').getByRole('link', { name: 'Buy paint' }).waitFor()
    await ann.create({ title: 'Sand it', parent_id: task.id })
    await part('Subtasks').getByRole('link', { name: 'Sand it' }).waitFor()
    await part('Subtasks').getByRole('checkbox', { name: 'Done: Buy paint' }).click()
    await part('Subtasks').getByText('1 of 2 done').waitFor()
    const [first] = (await ann.get(`/api/v1/tasks?parent_id=${task.id}&status=done`)).json().data
    t.match(first, { title: 'Buy paint', project_id: project.id })
    await part('Subtasks').getByRole('link', { name: 'Buy paint' }).click()
    await page.getByRole('heading', { name: 'Buy paint' }).waitFor()
    await page.getByLabel('Title of a new subtask').fill('Choose a blue')
    await page.keyboard.press('Enter')
    await part('Subtasks').getByRole('link', { name: 'Choose a blue' }).click()
    await page.getByRole('heading', { name: 'Choose a blue' }).waitFor()
    t.equal(await page.getByLabel('Title of a new subtask').isVisible(), false)
    const where = page.getByRole('navigation', { name: 'Where this task is' })
    await where.getByRole('link', { name: 'Buy paint' }).click()
    await page.getByRole('heading', { name: 'Buy paint' }).waitFor()
    await where.getByRole('link', { name: 'Paint the gate' }).click()
    await page.getByRole('heading', { name: 'Paint the gate' }).waitFor()
  })

  t.test(
    'comments mention people by @, are edited and deleted, and those of others appear',
    async (t) => {
      await page.getByRole('heading', { name: 'Paint the gate' }).press('c')
      await page.keyboard.type('Which *blue*, @to')
      await page.getByRole('option', { name: /^Tom/ }).waitFor()
      await page.keyboard.press('Enter')
      await page.keyboard.type('?')
      await page.keyboard.press('Control+Enter')
      await part('Comments').locator('.mention', { hasText: '@Tom' }).waitFor()
      const comments = async () => (await tom.get(`/api/v1/tasks/${task.id}/comments`)).json().data
      t.match(await comments(), [{ body: 'Which *blue*, @tom ?', mentions: [tom.user.id] }])
      await tom.post(`/api/v1/tasks/${task.id}/comments`, { body: 'The <b>dark</b> one' })
      await part('Comments').getByText('The <b>dark</b> one').waitFor()
      t.strictSame(await accessibilityViolations(), [])
      await part('Comments').getByRole('button', { name: 'Edit this comment' }).click()
      await page.getByLabel('Comment', { exact: true }).fill('Which green?')
      await page.getByRole('button', { name: 'Save', exact: true }).click()
      await part('Comments').getByText('(edited)').waitFor()
      await part('Comments').getByRole('button', { name: 'Delete this comment' }).last().click()
      await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
      await part('Comments').getByText('dark').waitFor({ state: 'detached' })
      t.match(await comments(), [{ body: 'Which green?' }])
    }
  )

  t.test('a viewer reads and comments; who loses the task is told so', async (t) => {
    const vivs = await visit({ ...PHONE, expectedStatuses: [404] })
    await vivs.logIn('viv', `#/tasks/${task.id}`)
    await vivs.page.getByRole('heading', { name: 'Paint the gate' }).waitFor()
    t.equal(await vivs.page.locator('main select, main button:text("Edit")').count(), 0)
    t.ok(
      await vivs.page
        .getByRole('checkbox', { name: /^Done:/ })
        .first()
        .isDisabled()
    )
    await vivs.page.getByLabel('New comment').fill('Hello')
    await vivs.page.getByRole('button', { name: 'Comment' }).tap()
    await part('Comments').getByText('Hello').waitFor()
    t.strictSame(await vivs.accessibilityViolations(), [])
    t.equal(await vivs.page.evaluate('document.documentElement.scrollWidth'), 390)
    await page.getByRole('heading', { name: 'Paint the gate' }).press('Delete')
    await page.getByText('Moved “Paint the gate” to the trash.').waitFor()
    await vivs.page.getByRole('heading', { name: 'Task not found' }).waitFor()
    await page.locator('h1').press('u')
    await page.getByRole('heading', { name: 'Paint the gate' }).waitFor()
    await show('#/tasks/019f2f6e-7c1a-7bbb-8bbb-0123456789ab')
    await page.getByRole('heading', { name: 'Task not found' }).waitFor()
    t.strictSame(await accessibilityViolations(), [])
    await vivs.context.close()
  })

  t.test(
    'no page reports an error or violates its policy, and all calls are in the contract',
    async (t) => {
      const { errors, undocumentedCalls } = pageFindings()
      t.strictSame(errors, [])
      t.strictSame(undocumentedCalls, [])
    }
  )
})
