import t from 'tap'
import { createBrowserTestApp, withoutBrowser } from '../../support/browser.ts'
import { projectWith, removeMember } from '../../support/projects.ts'
import { advanceDeletionTime, runScheduled } from '../../support/scheduled.ts'

t.test('names of people', { skip: withoutBrowser }, async (t) => {
  const { signUp, visit, calls, pageFindings, db, config } = await createBrowserTestApp(t, {
    env: { DIRECTORY: 'all' }
  })
  const ann = await signUp('user', 'ann', { name: '<i>Ann Lee</i>' })
  const bob = await signUp('manager', 'bob', { name: 'Bob' })
  const lookups = (from: number) =>
    calls.slice(from).filter(({ path }) => path === '/api/v1/people').length

  t.test('owner and assignee are names, which one call finds for a page of rows', async (t) => {
    const people = [ann, await signUp('user', 'cid'), await signUp('user', 'dee')]
    for (const person of people) {
      await person.create({ title: `Of ${person.user.username}`, assignee_id: bob.user.id })
    }
    const { page, logIn, context } = await visit()
    const from = calls.length
    await logIn('bob', '#/all-tasks')
    const row = (title: string) => page.locator('.task', { hasText: title })
    await row('Of ann').getByText('Owner: <i>Ann Lee</i>').waitFor()
    await row('Of cid').getByText('Owner: cid').waitFor()
    await row('Of dee').getByText('Assigned to you').waitFor()
    t.equal(await page.locator('.task i').count(), 0, 'a name is text')
    t.equal(lookups(from), 1)
    await page.getByRole('link', { name: 'Trash' }).click()
    await page.getByText('The trash is empty').waitFor()
    await page.getByRole('link', { name: 'All users’ tasks' }).click()
    await row('Of ann').getByText('Owner: <i>Ann Lee</i>').waitFor()
    t.equal(lookups(from), 1, 'names are kept')
    await context.close()
  })

  t.test('the history names who acted and to whom a task was assigned', async (t) => {
    const task = await ann.create({ title: 'Paint the fence' })
    await bob.patch(task, { assignee_id: bob.user.id })
    const { page, logIn, context } = await visit()
    await logIn('ann')
    await page.getByRole('button', { name: 'History of Paint the fence' }).click()
    const changed = page.getByRole('dialog').locator('li', { hasText: 'changed the task' })
    await changed.getByText('none → Bob').waitFor()
    t.match(await changed.textContent(), /^Bob changed the task .*Assigned tonone → Bob$/)
    await context.close()
  })

  t.test('the audit log shows names, also in its details', async (t) => {
    const eve = await signUp('user', 'eve', { name: 'Eve' })
    const project = await projectWith(ann, { editor: eve })
    await removeMember(ann, project, eve)
    const { page, logIn, context } = await visit()
    await logIn('bob', '#/audit-log')
    const row = (text: string) => page.locator('.row', { hasText: text }).first()
    const added = row('Member added')
    await added.getByText('Eve', { exact: true }).first().waitFor()
    await row('Member removed').getByText('Eve', { exact: true }).first().waitFor()
    t.match(await added.textContent(), /<i>Ann Lee<\/i> added Eve to .* as editor/)
    await page.getByRole('button', { name: 'Only events of Eve' }).first().click()
    await page.getByText('in total').waitFor()
    t.match(page.url(), `actor_id=${eve.user.id}`)
    await context.close()
  })

  t.test('whoever is gone or cannot be seen is called that, never by an id', async (t) => {
    const fay = await signUp('user', 'fay')
    const task = await ann.create({ title: 'Sweep the yard', assignee_id: fay.user.id })
    await fay.send({
      method: 'DELETE',
      url: '/api/v1/me',
      payload: { password: 'correct horse battery' }
    })
    await advanceDeletionTime(db)
    await runScheduled({ db, config }, 'accounts.purge')
    t.equal((await ann.read(task)).json().assignee_id, null)
    for (const [who, path, text] of [
      ['ann', 'tasks', 'somebody you cannot see → none'],
      ['bob', 'all-tasks', 'a deleted user → none']
    ] as const) {
      const { page, logIn, context } = await visit()
      await logIn(who, `#/${path}?q=sweep&view=all`)
      await page.getByRole('button', { name: 'History of Sweep the yard' }).click()
      await page.getByRole('dialog').getByText(text).waitFor()
      t.notMatch(await page.getByRole('dialog').textContent(), fay.user.id.slice(-6))
      await context.close()
    }
  })

  t.test('no page logged an error or made an undocumented call', async (t) => {
    t.strictSame(pageFindings(), { errors: [], undocumentedCalls: [] })
  })
})
