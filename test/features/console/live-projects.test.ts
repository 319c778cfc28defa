import t from 'tap'
import { createBrowserTestApp, withoutBrowser } from '../../support/browser.ts'
import {
  createProject,
  deleteProject,
  patchProject,
  projectWith,
  putMember,
  removeMember
} from '../../support/projects.ts'
import { waitUntil } from '../../support/wait-until.ts'

t.test('pages of projects follow what others do', { skip: withoutBrowser }, async (t) => {
  const { signUp, visit, pageFindings } = await createBrowserTestApp(t, {
    env: { DIRECTORY: 'all' }
  })
  const ann = await signUp('user', 'ann', { name: 'Ann' })
  const bob = await signUp('user', 'bob', { name: 'Bob' })
  const cid = await signUp('user', 'cid', { name: 'Cid' })
  const bobs = await visit({ expectedStatuses: [404] })
  const { page } = bobs
  const row = (text: string) => page.locator('.row', { hasText: text })
  const go = (hash: string) => page.evaluate(`location.hash = '${hash}'`)
  await bobs.logIn('bob', '#/projects')
  await page.getByText('No projects yet').waitFor()

  t.test(
    'a project appears with its access, is renamed, counts its tasks and leaves',
    async (t) => {
      const project = await createProject(ann, 'Kitchen')
      await putMember(ann, project, bob, 'viewer')
      await row('Kitchen').getByText('viewer').waitFor()
      await row('Kitchen').getByText('0 open').waitFor()
      await page.getByRole('link', { name: 'Members of Kitchen' }).focus()
      await ann.create({ title: 'Buy paint', project_id: project.id })
      await row('Kitchen').getByText('1 open').waitFor()
      await patchProject(ann, project, { name: 'Big kitchen' })
      await row('Big kitchen').waitFor()
      t.equal(
        await page.evaluate('document.activeElement.getAttribute("aria-label")'),
        'Members of Big kitchen',
        'the focus stays'
      )
      await removeMember(ann, project, bob)
      await page.getByText('No projects yet').waitFor()
    }
  )

  t.test('members come and go, and roles change', async (t) => {
    const project = await projectWith(ann, { admin: bob })
    await go(`#/projects/${project.id}/members`)
    await page.getByText('2 people in total').waitFor()
    await page.getByLabel('Name, username or email').fill('so')
    await putMember(ann, project, cid, 'viewer')
    await page.getByText('3 people in total').waitFor()
    t.equal(await page.getByLabel('Role of Cid').inputValue(), 'viewer')
    await putMember(ann, project, cid, 'editor')
    const role = () => page.getByLabel('Role of Cid').inputValue()
    await waitUntil('the other role', async () => (await role()) === 'editor')
    await removeMember(ann, project, cid)
    await page.getByText('2 people in total').waitFor()
    t.equal(await page.getByLabel('Name, username or email').inputValue(), 'so', 'is still typed')
    t.strictSame(await bobs.accessibilityViolations(), [])
    await page.getByLabel('Name, username or email').fill('')
    await page.locator('h1').focus()
  })

  t.test('a removed member loses the list of the project, and not what they type', async (t) => {
    const project = await projectWith(ann, { editor: bob })
    const task = await ann.create({ title: 'Paint the wall', project_id: project.id })
    await go(`#/projects/${project.id}`)
    await page.locator('.task', { hasText: 'Paint the wall' }).waitFor()
    await patchProject(ann, project, { name: 'Blue kitchen', description: 'All of it.' })
    await page.getByRole('heading', { name: 'Blue kitchen' }).waitFor()
    await page.getByText('All of it.').waitFor()
    await putMember(ann, project, bob, 'viewer')
    await page.getByLabel('Title of a new task').waitFor({ state: 'detached' })
    await putMember(ann, project, bob, 'editor')
    await page.getByLabel('Title of a new task').fill('Half a thou')
    await ann.patch(task, { title: 'Paint both walls' })
    await page.locator('.task', { hasText: 'Paint both walls' }).waitFor()
    await removeMember(ann, project, bob)
    await page.getByText('You do not see “Blue kitchen” any more.').waitFor()
    t.equal(await page.getByLabel('Title of a new task').inputValue(), 'Half a thou')
    await page.getByLabel('Title of a new task').fill('')
    await page.getByRole('heading', { name: 'Project not found' }).waitFor()
    t.equal(await page.locator('.task').count(), 0)
    await putMember(ann, project, bob, 'editor')
    await page.locator('.task', { hasText: 'Paint both walls' }).waitFor()
  })

  t.test('the tasks of a project leave the list of all with it, and come back', async () => {
    const project = await projectWith(ann, { editor: bob })
    await ann.create({ title: 'Sand the floor', project_id: project.id })
    await go('#/tasks')
    const task = page.locator('.task', { hasText: 'Sand the floor' })
    await task.waitFor()
    await deleteProject(ann, project)
    await task.waitFor({ state: 'detached' })
    await ann.post(`/api/v1/projects/${project.id}/restore`)
    await task.waitFor()
    await removeMember(ann, project, bob)
    await task.waitFor({ state: 'detached' })
  })

  t.test('no page reports an error or makes an undocumented call', async (t) => {
    t.strictSame(pageFindings(), { errors: [], undocumentedCalls: [] })
  })
})
