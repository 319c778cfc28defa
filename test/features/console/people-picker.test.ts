import t from 'tap'
import { createBrowserTestApp, withoutBrowser } from '../../support/browser.ts'
import { projectWith } from '../../support/projects.ts'
import { waitUntil } from '../../support/wait-until.ts'

t.test('people are chosen by name', { skip: withoutBrowser }, async (t) => {
  const { signUp, visit, pageFindings } = await createBrowserTestApp(t, {
    env: { DIRECTORY: 'all' }
  })
  const ann = await signUp('user', 'ann', { name: 'Ann' })
  const bob = await signUp('user', 'bob', { name: 'Bob Stone' })
  await signUp('user', 'bea', { name: '<b>Bea</b>' })
  const visitor = await visit({ expectedStatuses: [500] })
  const { page, logIn, accessibilityViolations } = visitor
  await logIn('ann')
  const picker = page.locator('form.task-form').getByRole('combobox', { name: 'Assigned to' })
  const options = page.locator('form.task-form [role=option]')
  const edit = (title: string) =>
    page
      .locator('.task', { hasText: title })
      .getByRole('button', { name: /^Edit / })
      .click()
  const save = () => page.getByRole('button', { name: 'Save', exact: true }).click()
  const addTask = async (title: string) => {
    await page.getByLabel('Title of a new task').fill(title)
    await page.keyboard.press('Enter')
    return edit(title)
  }
  const assigneeOf = async (title: string) =>
    (await ann.get(`/api/v1/tasks?q=${title}`)).json().data[0].assignee_id

  t.test('somebody is found by the keyboard alone, and the row names them', async (t) => {
    await addTask('Paint')
    await picker.focus()
    await page.keyboard.type('bo')
    await page.getByRole('option', { name: 'Bob Stone bob' }).waitFor()
    t.equal(await picker.getAttribute('aria-expanded'), 'true')
    const active = await picker.getAttribute('aria-activedescendant')
    t.equal(await page.locator(`[id="${active}"]`).textContent(), 'Bob Stone bob')
    t.strictSame(await accessibilityViolations(), [])
    await page.keyboard.press('Enter')
    t.equal(await picker.inputValue(), 'Bob Stone')
    t.equal(await picker.getAttribute('aria-expanded'), 'false')
    await save()
    await page.getByText('Assigned to Bob Stone').waitFor()
    t.equal(await assigneeOf('Paint'), bob.user.id)
  })

  t.test('nobody, oneself and everybody in sight are offered, and names are text', async (t) => {
    await edit('Paint')
    await picker.click()
    await page.getByRole('option', { name: '<b>Bea</b> bea' }).waitFor()
    t.strictSame(await options.allTextContents(), [
      'Nobody',
      'Me',
      '<b>Bea</b> bea',
      'Bob Stone bob'
    ])
    await page.getByRole('option', { name: 'Me', exact: true }).click()
    await save()
    await page.getByText('Assigned to you').waitFor()
    t.equal(await assigneeOf('Paint'), ann.user.id)
    await edit('Paint')
    await picker.fill('')
    await save()
    await page.locator('form.task-form').waitFor({ state: 'detached' })
    t.equal(await assigneeOf('Paint'), null)
  })

  t.test('Escape and a name that nobody has leave the choice as it was', async (t) => {
    await edit('Paint')
    await picker.click()
    await options.first().waitFor()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Escape')
    await options.first().waitFor({ state: 'hidden' })
    t.ok(await picker.isVisible(), 'the form is still there')
    await picker.fill('xyz')
    await page.getByText('Nobody whom you can see').first().waitFor()
    await page.keyboard.press('Tab')
    t.equal(await picker.inputValue(), 'Nobody')
    await page.getByRole('button', { name: 'Cancel' }).click()
  })

  t.test('in a project only its members are offered', async (t) => {
    const project = await projectWith(ann, { editor: bob })
    await ann.create({ title: 'Tile the wall', project_id: project.id })
    await page.reload()
    await logIn('ann')
    await edit('Tile')
    await picker.click()
    await page.getByRole('option', { name: 'Bob Stone' }).waitFor()
    t.strictSame(await options.allTextContents(), ['Nobody', 'Me', 'Bob Stone bob'])
    await picker.fill('bea')
    await page.getByText('No member of the project').first().waitFor()
    await page.getByRole('button', { name: 'Cancel' }).click()
  })

  t.test('a list is filtered by the one to whom tasks are assigned', async (t) => {
    await ann.create({ title: 'Ring Bob', assignee_id: bob.user.id })
    const filter = page.locator('.filters').getByRole('combobox', { name: 'Assigned to' })
    await page.getByRole('button', { name: /^Filter/ }).click()
    await filter.fill('bob')
    await page.getByRole('option', { name: 'Bob Stone' }).click()
    await page.getByText('1 task in total').waitFor()
    t.strictSame(await page.locator('.task-title').allTextContents(), ['Ring Bob'])
    t.match(page.url(), `assignee=${bob.user.id}`)
    await page.reload()
    await logIn('ann', new URL(page.url()).hash)
    await page.getByText('1 task in total').waitFor()
    const assignee = page.locator('.filters [name=assignee]')
    await waitUntil('the name', async () => (await assignee.inputValue()) === 'Bob Stone')
    await page.getByRole('button', { name: /^Filter/ }).click()
    await filter.click()
    await page.getByRole('option', { name: 'Nobody' }).click()
    await page.locator('.task-title', { hasText: 'Tile' }).waitFor()
    t.match(page.url(), 'assignee=none')
    t.strictSame(await accessibilityViolations(), [])
  })

  t.test('on a telephone somebody is chosen by a tap', async (t) => {
    const phone = await visit({
      viewport: { width: 390, height: 844 },
      hasTouch: true,
      isMobile: true
    })
    await phone.logIn('ann', '#/tasks?q=paint')
    await phone.page.locator('a.task-title', { hasText: 'Paint' }).tap()
    await phone.page.getByLabel('Assigned to').tap()
    await phone.page.getByRole('option', { name: 'Bob Stone' }).waitFor()
    t.strictSame(await phone.accessibilityViolations(), [])
    t.equal(await phone.page.evaluate('document.documentElement.scrollWidth'), 390)
    await phone.page.getByRole('option', { name: 'Bob Stone' }).tap()
    await phone.page.getByText('You assigned it to Bob Stone').first().waitFor()
    await phone.context.close()
  })

  t.test('managers choose the owner of tasks and the actor of events by name', async (t) => {
    await signUp('manager', 'mia')
    await bob.create({ title: 'Of Bob' })
    const { page, logIn, context, accessibilityViolations } = await visit()
    await logIn('mia', '#/all-tasks')
    await page.getByRole('button', { name: /^Filter/ }).click()
    await page.getByRole('combobox', { name: 'Owner' }).fill('bob')
    await page.getByRole('option', { name: 'Bob Stone' }).click()
    await page.getByText('1 task in total').waitFor()
    t.match(page.url(), `owner=${bob.user.id}`)
    await page.evaluate('location.hash = "#/audit-log"')
    await page.getByRole('combobox', { name: 'Who' }).fill('bob')
    await page.getByRole('option', { name: 'Bob Stone' }).waitFor()
    t.strictSame(await accessibilityViolations(), [])
    await page.keyboard.press('Tab')
    await page.getByText('in total').waitFor()
    t.match(page.url(), `actor_id=${bob.user.id}`)
    await page.getByRole('combobox', { name: 'Who' }).fill('')
    await page.keyboard.press('Tab')
    await page.getByRole('button', { name: 'Only events of Ann' }).first().waitFor()
    t.notMatch(page.url(), 'actor_id')
    await context.close()
  })

  t.test('whoever sees nobody yet is told how people appear', async (t) => {
    const { signUp, visit } = await createBrowserTestApp(t)
    const zoe = await signUp('user', 'zoe')
    await zoe.create({ title: 'Alone' })
    const { page, logIn, accessibilityViolations } = await visit()
    await logIn('zoe')
    await page
      .locator('.task', { hasText: 'Alone' })
      .getByRole('button', { name: /^Edit / })
      .click()
    await page.locator('form.task-form').getByRole('combobox', { name: 'Assigned to' }).click()
    await page.getByText('Others appear here once you share a project').first().waitFor()
    t.strictSame(await accessibilityViolations(), [])
  })

  t.test('a search that fails says so', async () => {
    await page.route(/\/api\/v1\/people\?q=/, (route) =>
      route.fulfill({ status: 500, body: '{"title":"Internal error","detail":"It broke."}' })
    )
    await visitor.page.getByRole('combobox', { name: 'Assigned to' }).fill('b')
    await page.getByText('Nothing could be loaded. It broke.').first().waitFor()
  })

  t.test('no page logged an error or made an undocumented call', async (t) => {
    t.strictSame(pageFindings(), { errors: [], undocumentedCalls: [] })
  })
})
