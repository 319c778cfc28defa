import t from 'tap'
import { createBrowserTestApp, type Visitor, withoutBrowser } from '../../support/browser.ts'
import { projectWith } from '../../support/projects.ts'
import type { Person } from '../../support/test-app.ts'

const row = ({ page }: Visitor, title: string | RegExp) =>
  page.locator('.task').filter({ hasText: title })
const titles = ({ page }: Visitor) => page.locator('.task .task-title').allTextContents()

t.test('lists follow what others do', { skip: withoutBrowser }, async (t) => {
  const { signUp, visit, calls, pageFindings } = await createBrowserTestApp(t, {
    env: { DIRECTORY: 'all' }
  })
  const ann = await signUp('user', 'ann')
  const bob = await signUp('user', 'bob')
  const project = await projectWith(ann, { editor: bob })
  const inKitchen = (who: Person, title: string, more = {}) =>
    who.create({ title, project_id: project.id, ...more })
  const lists = (from: number) =>
    calls.slice(from).filter(({ method, path }) => method === 'GET' && path === '/api/v1/tasks')
  const anns = await visit({ expectedStatuses: [412] })
  await anns.logIn('ann')
  const streams = () => calls.filter(({ path }) => path === '/api/v1/changes/stream').length

  t.test('what is made elsewhere appears at its place, changes and leaves', async (t) => {
    const { page } = anns
    const first = await inKitchen(bob, 'Buy paint')
    await row(anns, 'Buy paint').waitFor()
    await ann.create({ title: 'Call the plumber' })
    await row(anns, 'Call the plumber').waitFor()
    t.strictSame(await titles(anns), ['Call the plumber', 'Buy paint'])
    await bob.patch(first, { title: 'Buy blue paint', priority: 'high' })
    await row(anns, 'Buy blue paint').getByText('High priority').waitFor()
    await page.getByRole('button', { name: 'Open 2' }).waitFor()
    await bob.patch(first, { status: 'done' })
    await row(anns, 'Buy blue paint').waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Done 1' }).waitFor()
    await bob.patch(first, { status: 'todo' })
    await row(anns, 'Buy blue paint').waitFor()
    t.strictSame(await titles(anns), ['Call the plumber', 'Buy blue paint'])
    await bob.remove(first)
    await row(anns, 'Buy blue paint').waitFor({ state: 'detached' })
    await bob.restore(first)
    await row(anns, 'Buy blue paint').waitFor()
    t.strictSame(await anns.accessibilityViolations(), [])
  })

  t.test('filters and order decide what enters, and where', async (t) => {
    const { page } = anns
    await page.evaluate("location.hash = '#/tasks?priority=high&sort=title_asc'")
    await row(anns, 'Buy blue paint').waitFor()
    await row(anns, 'Call the plumber').waitFor({ state: 'detached' })
    await inKitchen(bob, 'Air the room', { priority: 'high' })
    await inKitchen(bob, 'Nothing urgent')
    await inKitchen(bob, 'Clean the brush', { priority: 'high' })
    await row(anns, 'Clean the brush').waitFor()
    t.strictSame(await titles(anns), ['Air the room', 'Buy blue paint', 'Clean the brush'])
    await page.evaluate("location.hash = '#/tasks'")
    await row(anns, 'Nothing urgent').waitFor()
  })

  t.test('a second tab shows what the first does, and the first does nothing twice', async (t) => {
    const { page } = anns
    const second = await visit()
    const opened = second.page.waitForResponse(/\/changes\/stream/)
    await second.logIn('ann')
    await row(second, 'Nothing urgent').waitFor()
    await opened
    const from = calls.length
    await page.getByLabel('Title of a new task').fill('Sweep the floor')
    await page.keyboard.press('Enter')
    await row(second, 'Sweep the floor').waitFor()
    await row(anns, 'Sweep the floor').waitFor()
    t.equal(await row(anns, 'Sweep the floor').count(), 1)
    t.ok(lists(from).length <= 2, 'only the second tab loads its list')
    await page.getByRole('checkbox', { name: 'Done: Sweep the floor' }).click()
    await row(second, 'Sweep the floor').waitFor({ state: 'detached' })
    t.equal(await page.locator('.task-done', { hasText: 'Sweep the floor' }).count(), 1)
    await second.context.close()
  })

  t.test('what is typed stays with its focus, caret and place while rows come', async (t) => {
    const { page } = anns
    for (let i = 0; i < 30; i++) {
      await ann.create({ title: `Box ${i}` })
    }
    await row(anns, 'Box 29').waitFor()
    await row(anns, 'Box 12')
      .getByRole('button', { name: /^Edit / })
      .click()
    const title = page.locator('.task-editing').getByLabel('Title', { exact: true })
    await title.fill('Box twelve')
    await page.evaluate('document.activeElement.setSelectionRange(2, 5)')
    const state = () =>
      page.evaluate(`(() => {
        const input = document.activeElement
        const { top } = input.getBoundingClientRect()
        return [input.name, input.value, input.selectionStart, input.selectionEnd, Math.round(top)]
      })()`)
    const before = await state()
    t.match(before, ['title', 'Box twelve', 2, 5])
    await inKitchen(bob, 'A new one above')
    await row(anns, 'A new one above').waitFor()
    t.strictSame(await state(), before)
    await page.getByRole('button', { name: 'Cancel' }).click()
  })

  t.test('whoever edits a task that changes elsewhere is told, and loses nothing', async (t) => {
    const { page } = anns
    const task = await inKitchen(bob, 'Hang the shelf')
    await row(anns, 'Hang the shelf')
      .getByRole('button', { name: /^Edit / })
      .click()
    const form = page.locator('.task-editing')
    await form.getByLabel('Description', { exact: true }).fill('With six screws')
    await bob.patch(task, { title: 'Hang both shelves' })
    await form.getByText('This task was changed elsewhere.').waitFor()
    t.equal(await form.getByLabel('Description', { exact: true }).inputValue(), 'With six screws')
    t.equal(await page.evaluate('document.activeElement.name'), 'description')
    t.strictSame(await anns.accessibilityViolations(), [])
    await form.getByRole('button', { name: 'Save' }).click()
    const dialog = page.getByRole('dialog', { name: 'This task was changed in the meantime' })
    await dialog.getByRole('button', { name: 'Save selection' }).click()
    await row(anns, 'Hang both shelves').getByText('With six screws').waitFor()
    await row(anns, 'Hang both shelves')
      .getByRole('button', { name: /^Edit / })
      .click()
    await form.getByLabel('Description', { exact: true }).fill('With eight screws')
    await bob.remove(task)
    await form.getByText('This task was deleted elsewhere').waitFor()
    t.equal(await form.getByLabel('Description', { exact: true }).inputValue(), 'With eight screws')
    await form.getByRole('button', { name: 'Cancel' }).click()
    await row(anns, 'Hang both shelves').waitFor({ state: 'detached' })
  })

  t.test('no page reports an error or makes an undocumented call', async (t) => {
    t.ok(streams() > 0)
    t.strictSame(pageFindings(), { errors: [], undocumentedCalls: [] })
  })
})
