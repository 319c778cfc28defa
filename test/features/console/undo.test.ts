import t from 'tap'
import { createBrowserTestApp, withoutBrowser } from '../../support/browser.ts'
import { waitUntil } from '../../support/wait-until.ts'

t.test('undo', { skip: withoutBrowser }, async (t) => {
  const { signUp, visit, pageFindings, events } = await createBrowserTestApp(t)
  const ann = await signUp('user', 'ann')
  const { page, logIn } = await visit({ expectedStatuses: [412] })
  await logIn('ann')
  const open = async (task: { id: string; title: string }) => {
    await page.evaluate(`location.hash = ${JSON.stringify(`#/tasks/${task.id}`)}`)
    await page.getByRole('heading', { name: task.title }).waitFor()
  }
  const said = (text: string) => page.locator('#toasts').getByText(text).last().waitFor()
  const undo = () => page.locator('h1').press('Control+z')

  t.test('the newest change goes first, and each one before it can follow', async (t) => {
    const task = await ann.create({ title: 'Paint the door', due_date: '2030-01-31', tags: ['a'] })
    const read = async () => (await ann.read(task)).json()
    await open(task)
    await page.getByLabel('Priority').selectOption('High')
    await waitUntil('the priority', async () => (await read()).version === 2)
    await page.getByLabel('Due', { exact: true }).fill('')
    await page.getByLabel('Due', { exact: true }).press('Enter')
    await waitUntil('the due date', async () => (await read()).version === 3)
    await page.getByRole('checkbox', { name: 'Done: Paint the door' }).click()
    await waitUntil('the status', async () => (await read()).version === 4)
    t.match(await read(), { status: 'done', priority: 'high', due_date: null })
    await undo()
    await said('Undone: “Paint the door” is done.')
    t.match(await read(), { status: 'todo', priority: 'high', due_date: null, version: 5 })
    await undo()
    await waitUntil('the due date', async () => (await read()).version === 6)
    t.match(await read(), { due_date: '2030-01-31T23:59:59.999Z', all_day: true })
    await page.locator('h1').press('u')
    await waitUntil('the priority', async () => (await read()).version === 7)
    t.match(await read(), { priority: 'medium', status: 'todo', tags: ['a'] })
    const shown = () => page.getByLabel('Priority').inputValue()
    await waitUntil('the page', async () => (await shown()) === 'medium')
    await undo()
    t.equal((await events.of(task)).length, 7, 'there is nothing more to undo')
  })

  t.test('what somebody changed since is left alone, and the user is told', async (t) => {
    const task = await ann.create({ title: 'Mow the lawn' })
    await open(task)
    await page.getByLabel('Priority').selectOption('High')
    await page.getByText('You set the priority to High').waitFor()
    await ann.patch(task, { priority: 'low' })
    await page.getByText('You set the priority to Low').waitFor()
    await undo()
    await said('It was changed or deleted since, so nothing was undone')
    t.match((await ann.read(task)).json(), { priority: 'low', version: 3 })
  })

  t.test('the last ten changes can be undone, and a text field undoes its own', async (t) => {
    const task = await ann.create({ title: 'Count' })
    const version = async () => (await ann.read(task)).json().version
    await open(task)
    for (let i = 1; i <= 11; i++) {
      await page.getByLabel('Priority').selectOption(i % 2 === 1 ? 'High' : 'Low')
      await waitUntil('the change', async () => (await version()) === i + 1)
    }
    await page.getByLabel('Title of a new subtask').pressSequentially('Typed')
    await page.keyboard.press('Control+z')
    t.equal(await version(), 12)
    await page.getByLabel('Title of a new subtask').fill('')
    for (let i = 1; i <= 10; i++) {
      await undo()
      await waitUntil('the undo', async () => (await version()) === i + 12)
    }
    await undo()
    t.match((await ann.read(task)).json(), { priority: 'high', version: 22 }, 'as after the first')
  })

  t.test('a task that was added, edited or completed in a list is as before', async (t) => {
    await page.evaluate("location.hash = '#/tasks?q=roses'")
    await page.getByLabel('Title of a new task').fill('Water the roses')
    await page.keyboard.press('Enter')
    const row = page.locator('.task', { hasText: 'roses' })
    await row.locator('a.task-title').waitFor()
    await row.getByRole('checkbox', { name: 'Done: Water the roses' }).click()
    await page.getByRole('button', { name: 'Undo' }).last().click()
    await said('Undone: “Water the roses” is done.')
    const listed = async () => (await ann.get('/api/v1/tasks?q=roses')).json().data
    t.match(await listed(), [{ status: 'todo', version: 3 }])
    await undo()
    await said('Undone: “Water the roses” was added.')
    await row.waitFor({ state: 'detached' })
    t.strictSame(await listed(), [])
    t.strictSame(pageFindings(), { errors: [], undocumentedCalls: [] })
  })
})
