import t from 'tap'
import { createBrowserTestApp, withoutBrowser } from '../../support/browser.ts'
import { createProject, namesIn, patchProject, projectWith } from '../../support/projects.ts'

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }

t.test('projects', { skip: withoutBrowser }, async (t) => {
  const { signUp, visit, pageFindings, events } = await createBrowserTestApp(t, {
    env: { DIRECTORY: 'all' }
  })
  const ann = await signUp('user', 'ann', { name: 'Ann' })
  const bob = await signUp('user', 'bob', { name: 'Bob' })
  const { page, logIn, accessibilityViolations } = await visit({
    expectedStatuses: [400, 404, 409, 412]
  })
  await logIn('ann')
  const dialog = page.getByRole('dialog')
  const row = (text: string) => page.locator('.row', { hasText: text })
  const task = (text: string) => page.locator('.task', { hasText: text })
  const show = (hash: string) => page.evaluate(`location.hash = ${JSON.stringify(hash)}`)

  t.test('a first project is created, with a description and a colour, and opened', async (t) => {
    await page.getByRole('link', { name: 'Projects' }).click()
    await page.getByText('No projects yet').waitFor()
    t.strictSame(await accessibilityViolations(), [])
    await page.locator('h1').press('n')
    await dialog.getByRole('button', { name: 'Create project' }).click()
    await dialog.getByText('Enter a name.').waitFor()
    await dialog.getByLabel('Name').fill('<b>Kitchen</b>')
    await dialog.getByLabel('Description').fill('All of it')
    await dialog.getByRole('radio', { name: 'Teal' }).check()
    t.strictSame(await accessibilityViolations(), [])
    await dialog.getByRole('button', { name: 'Create project' }).click()
    await page.getByRole('heading', { name: '<b>Kitchen</b>' }).waitFor()
    await page.getByText('All of it').waitFor()
    t.equal(await page.locator('main b').count(), 0, 'a name is text')
    t.match(await page.title(), /^<b>Kitchen<\/b> · /)
    t.match((await ann.get('/api/v1/projects')).json().data, [
      { name: '<b>Kitchen</b>', description: 'All of it', color: '#1f8a8a', version: 1 }
    ])
  })

  t.test('a task is added to the project that is open', async (t) => {
    await page.getByText('There are no open tasks in this project. Enter a title').waitFor()
    await page.locator('h1').press('n')
    await page.keyboard.type('Measure the walls')
    await page.keyboard.press('Enter')
    await task('Measure the walls').locator('a.task-title').waitFor()
    t.strictSame(await accessibilityViolations(), [])
    const [created] = (await ann.get('/api/v1/tasks?personal=false')).json().data
    t.equal(created.title, 'Measure the walls')
    await page.getByRole('button', { name: 'Details…' }).click()
    const project = dialog.getByLabel('Project')
    t.equal(await project.inputValue(), created.project_id)
    await dialog.getByLabel('Title', { exact: true }).fill('Buy paint')
    await dialog.getByRole('button', { name: 'Add task' }).click()
    await task('Buy paint').waitFor()
    t.equal((await ann.get('/api/v1/tasks?personal=false')).json().data.length, 2)
  })

  t.test('the list of all tasks names their project, which can be changed', async (t) => {
    await createProject(ann, 'Garden')
    await show('#/tasks')
    await task('Buy paint').getByRole('link', { name: '<b>Kitchen</b>' }).waitFor()
    await task('Buy paint')
      .getByRole('button', { name: /^Edit / })
      .click()
    const project = page.locator('form.task-form').getByLabel('Project')
    await project.getByText('Garden').waitFor({ state: 'attached' })
    await project.selectOption('Garden')
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await task('Buy paint').getByRole('link', { name: 'Garden' }).waitFor()
    const [moved] = (await ann.get('/api/v1/tasks?q=paint')).json().data
    t.strictSame(await events.of(moved), ['task.created', 'task.updated'])
    await page.getByRole('button', { name: 'History of Buy paint' }).click()
    await dialog.getByText('<b>Kitchen</b> → Garden').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: /^Filter/ }).click()
    await page.locator('.filters').getByLabel('Project').selectOption('Garden')
    await page.getByText('1 task in total').waitFor()
    await page.keyboard.press('Escape')
    await page.getByLabel('Title of a new task').fill('Rake the leaves')
    await page.keyboard.press('Enter')
    await task('Rake the leaves').locator('a.task-title').waitFor()
    t.equal((await ann.get(`/api/v1/tasks?project_id=${moved.project_id}`)).json().data.length, 2)
    await task('Rake')
      .getByRole('button', { name: /^Edit / })
      .click()
    await project.selectOption('None, a personal task')
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.locator('form.task-form').waitFor({ state: 'detached' })
    t.match((await ann.get('/api/v1/tasks?q=rake')).json().data, [{ project_id: null }])
  })

  t.test('the list shows roles and counts, and a task moved away leaves its project', async (t) => {
    await page.getByRole('link', { name: 'Projects' }).click()
    await row('Garden').getByText('1 open').waitFor()
    await row('Garden').getByText('owner').waitFor()
    await page.getByText('2 projects in total').waitFor()
    t.strictSame(await accessibilityViolations(), [])
    await row('Garden').getByRole('link', { name: 'Garden', exact: true }).click()
    await task('Buy paint')
      .getByRole('button', { name: /^Edit / })
      .click()
    const project = page.locator('form.task-form').getByLabel('Project')
    await project.getByText('Kitchen').waitFor({ state: 'attached' })
    await project.selectOption('<b>Kitchen</b>')
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByText('“Buy paint” is not in this project any more.').waitFor()
    await page.getByText('There are no open tasks in this project').waitFor()
  })

  t.test('a change is saved unless somebody else made one to the same field', async (t) => {
    await page.getByRole('button', { name: 'Edit', exact: true }).click()
    const [garden] = (await ann.get('/api/v1/projects?q=Garden')).json().data
    await patchProject(ann, garden, { description: 'Behind the house' })
    await dialog.getByLabel('Name').fill('Yard')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('heading', { name: 'Yard' }).waitFor()
    await page.getByText('Behind the house').waitFor()
    await page.getByRole('button', { name: 'Edit', exact: true }).click()
    await patchProject(ann, garden, { name: 'Park' })
    await dialog.getByLabel('Name').fill('Field')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.getByText('Somebody changed this to “Park”.').waitFor()
    await dialog.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('heading', { name: 'Field' }).waitFor()
    t.strictSame(namesIn(await ann.get('/api/v1/projects')), ['<b>Kitchen</b>', 'Field'])
  })

  t.test('an archived project is read only until it is opened again', async (t) => {
    await show('#/projects')
    await page.getByRole('button', { name: 'Archive <b>Kitchen</b>' }).click()
    await page.getByText('Archived “<b>Kitchen</b>”.').waitFor()
    await row('Kitchen').waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Archived', exact: true }).click()
    await row('Kitchen').getByText('archived', { exact: true }).waitFor()
    t.match(page.url(), /view=archived/)
    await row('Kitchen').getByRole('link', { name: '<b>Kitchen</b>', exact: true }).click()
    await page.getByText('This project is archived').waitFor()
    await task('Buy paint').waitFor()
    t.equal(await page.getByLabel('Title of a new task').count(), 0)
    t.ok(await page.getByRole('checkbox', { name: 'Done: Buy paint' }).isDisabled())
    t.equal(await page.getByRole('button', { name: 'Delete Buy paint' }).count(), 0)
    await task('Buy paint').locator('a.task-title').click()
    await page.getByText('You can read this task, but not change it.').waitFor()
    t.equal(
      await page.locator('main :is(select, input:not(:disabled), textarea):visible').count(),
      0
    )
    t.strictSame(await accessibilityViolations(), [])
    await page.goBack()
    await page.getByRole('button', { name: 'Open again' }).click()
    await page.getByLabel('Title of a new task').waitFor()
    t.match((await ann.get('/api/v1/projects')).json().data, [{ archived: false }, {}])
  })

  t.test('a deleted project is restored by undo and from the trash', async (t) => {
    await page.getByRole('button', { name: 'Delete', exact: true }).click()
    await dialog.getByRole('button', { name: 'Move to the trash' }).click()
    await page.getByRole('heading', { name: 'Projects' }).waitFor()
    await page.getByText('1 project in total').waitFor()
    await page.getByRole('button', { name: 'Undo' }).last().click()
    await page.getByRole('heading', { name: '<b>Kitchen</b>' }).waitFor()
    await task('Buy paint').waitFor()
    await show('#/projects')
    await page.getByRole('button', { name: 'Delete Field' }).click()
    await dialog.getByRole('button', { name: 'Move to the trash' }).click()
    await row('Field').waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Trash', exact: true }).click()
    await page.getByRole('button', { name: 'Restore Field' }).click()
    await page.getByText('Restored “Field”.').waitFor()
    await page.getByText('No deleted projects').waitFor()
    t.equal((await ann.get('/api/v1/projects')).json().data.length, 2)
  })

  t.test('a viewer sees tasks and no control that would be refused', async (t) => {
    const shared = await projectWith(ann, { viewer: bob })
    await patchProject(ann, shared, { name: 'Attic' })
    await ann.create({ title: 'Carry boxes', project_id: shared.id })
    const mine = { title: 'Mine to do', project_id: shared.id, assignee_id: bob.user.id }
    const assigned = await ann.create(mine)
    const phone = await visit(PHONE)
    await phone.logIn('bob', `#/projects/${shared.id}`)
    const { page } = phone
    const title = (text: string) => page.locator('a.task-title', { hasText: text })
    await title('Carry boxes').waitFor()
    await page.getByText('Created by Ann').first().waitFor()
    t.strictSame(await phone.accessibilityViolations(), [])
    t.equal(await page.evaluate('document.documentElement.scrollWidth'), 390)
    t.strictSame(
      await page
        .locator('main')
        .getByRole('button', { name: /Edit|Delete|Archive|Add/ })
        .count(),
      0
    )
    t.ok(await page.getByRole('checkbox', { name: 'Done: Carry boxes' }).isDisabled())
    await page.getByRole('checkbox', { name: 'Done: Mine to do' }).tap()
    await page.locator('.task-done:not([aria-busy])').waitFor()
    t.equal((await ann.read(assigned)).json().status, 'done')
    await title('Carry boxes').focus()
    await page.keyboard.press('Delete')
    await title('Mine to do').tap()
    await page.getByText('You can change the status of this task').waitFor()
    t.equal(await page.locator('main :is(select, input:not([type=checkbox])):visible').count(), 1)
    await page.getByLabel('Status').selectOption('To do')
    await page.getByText('You moved it to To do').waitFor()
    t.equal((await ann.read(assigned)).json().status, 'todo')
    t.equal((await ann.get(`/api/v1/tasks?project_id=${shared.id}`)).json().data.length, 2)
    await page.evaluate('location.hash = "#/projects"')
    await page.locator('.row', { hasText: 'Attic' }).getByText('Owner: Ann').waitFor()
    t.equal(await page.getByRole('button', { name: /Attic/ }).count(), 0)
    t.strictSame(await phone.accessibilityViolations(), [])
    t.equal(await page.evaluate('document.documentElement.scrollWidth'), 390)
    await phone.context.close()
  })

  t.test('a project that is not there, or not for you, says how to get in', async (t) => {
    const secret = await createProject(bob, 'Secret')
    await show(`#/projects/${secret.id}`)
    await page.getByRole('heading', { name: 'Project not found' }).waitFor()
    await page.getByText('Ask its owner to invite you.').waitFor()
    t.strictSame(await accessibilityViolations(), [])
    await page.getByRole('link', { name: 'Show your projects' }).click()
    await row('Field').waitFor()
  })

  t.test('an assignee who is no member of the new project is named at the field', async () => {
    await ann.create({ title: 'Call Bob', assignee_id: bob.user.id })
    await show('#/tasks?q=call')
    await task('Call Bob')
      .getByRole('button', { name: /^Edit / })
      .click()
    const project = page.locator('form.task-form').getByLabel('Project')
    await project.getByText('Field').waitFor({ state: 'attached' })
    await project.selectOption('Field')
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByText('Bob is not a member of the project. Add them').waitFor()
    await page.getByRole('button', { name: 'Cancel' }).click()
  })

  t.test(
    'a change in a project that was archived meanwhile is refused with the reason',
    async (t) => {
      const attic = await createProject(ann, 'Loft')
      const lamp = await ann.create({ title: 'Hang a lamp', project_id: attic.id })
      await show(`#/projects/${attic.id}`)
      await task('Hang a lamp')
        .getByRole('button', { name: /^Edit / })
        .click()
      await patchProject(ann, attic, { archived: true })
      await page.getByLabel('Title', { exact: true }).fill('Hang two lamps')
      await page.getByRole('button', { name: 'Save', exact: true }).click()
      await page.getByText('The project is archived: it can be read.').waitFor()
      t.equal(await page.getByLabel('Title', { exact: true }).inputValue(), 'Hang two lamps')
      t.equal((await ann.read(lamp)).json().title, 'Hang a lamp')
      await page.getByRole('button', { name: 'Cancel' }).click()
    }
  )

  t.test('managers see the names of projects that they do not belong to', async (t) => {
    await signUp('manager', 'mia')
    const { page, logIn, context } = await visit()
    await logIn('mia', '#/all-tasks?q=lamp')
    const row = page.locator('.task', { hasText: 'Hang a lamp' })
    await row.getByRole('link', { name: 'Loft' }).waitFor()
    t.equal(await row.getByRole('button', { name: /^Delete/ }).count(), 0, 'it is archived')
    await page.getByRole('link', { name: 'Projects' }).click()
    await page.getByText('No projects yet').waitFor()
    await page.getByLabel('Show everybody’s projects').check()
    await page.locator('.row', { hasText: 'Secret' }).getByText('Owner: Bob').waitFor()
    await context.close()
  })

  t.test('a list of many projects loads more at its end', async (t) => {
    const cid = await signUp('user', 'cid')
    for (let i = 0; i < 55; i++) {
      await createProject(cid, `List ${i}`)
    }
    const { page, logIn, context } = await visit()
    await logIn('cid', '#/projects')
    await page.locator('.row').nth(49).waitFor()
    await page.locator('.list-foot').scrollIntoViewIfNeeded()
    await page.getByText('55 projects in total').waitFor()
    t.equal(new Set(await page.locator('.row .project-link').allTextContents()).size, 55)
    await context.close()
  })

  t.test('no page logged an error or made an undocumented call', async (t) => {
    t.strictSame(pageFindings(), { errors: [], undocumentedCalls: [] })
  })
})
