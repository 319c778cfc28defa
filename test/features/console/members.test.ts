import t from 'tap'
import { createBrowserTestApp, withoutBrowser } from '../../support/browser.ts'
import { emailsTo } from '../../support/emails.ts'
import { tokenIn } from '../../support/links.ts'
import {
  createProject,
  invitationsOf,
  invitePerson,
  openInvitations,
  patchProject,
  projectUrl,
  projectWith,
  putMember,
  removeMember,
  withdrawInvitation
} from '../../support/projects.ts'
import { PASSWORD, type Person } from '../../support/test-app.ts'

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }

t.test('members and invitations of a project', { skip: withoutBrowser }, async (t) => {
  const { signUp, visit, pageFindings, mail } = await createBrowserTestApp(t, {
    env: { DIRECTORY: 'all' }
  })
  const ann = await signUp('user', 'ann', { name: 'Ann' })
  const bob = await signUp('user', 'bob', { name: '<b>Bob</b>' })
  const cid = await signUp('user', 'cid', { name: 'Cid' })
  const dee = await signUp('user', 'dee', { name: 'Dee' })
  const project = await createProject(ann, 'Kitchen')
  const rolesOf = async (who: Person = ann) =>
    (await who.get(projectUrl(project, '/members')))
      .json()
      .data.map(({ username, role }: { username: string; role: string }) => `${username} ${role}`)
  const { page, logIn, accessibilityViolations } = await visit({ expectedStatuses: [400, 403] })
  await logIn('ann', `#/projects/${project.id}/members`)
  const dialog = page.getByRole('dialog')
  const row = (text: string) => page.locator('.row', { hasText: text })
  const person = page.getByLabel('Name, username or email')
  const add = () => page.getByRole('button', { name: 'Add or invite' }).click()

  t.test('somebody whom one sees is added at once, with a role, and no second time', async (t) => {
    await page.getByText('1 person in total').waitFor()
    t.strictSame(await accessibilityViolations(), [])
    await add()
    await page.getByText('Choose somebody, or enter').waitFor()
    await person.fill('bo')
    await page.getByRole('option', { name: '<b>Bob</b> bob' }).click()
    await page.getByLabel('Role', { exact: true }).selectOption('Viewer')
    await add()
    await row('<b>Bob</b>').waitFor()
    t.equal(await page.locator('main b').count(), 0, 'a name is text')
    t.strictSame(await rolesOf(), ['ann owner', 'bob viewer'])
    await person.fill('bo')
    await page.getByRole('option', { name: '<b>Bob</b> belongs to the project' }).click()
    await page.getByLabel('Role', { exact: true }).selectOption('Admin')
    await add()
    await page.getByText('<b>Bob</b> belongs to the project already').waitFor()
    t.strictSame(await rolesOf(), ['ann owner', 'bob viewer'])
  })

  t.test('a role is changed, and a member removed after a question', async (t) => {
    await page.getByLabel('Role of <b>Bob</b>').selectOption('Editor')
    await page.getByText('<b>Bob</b> is now an editor.').waitFor()
    t.strictSame(await rolesOf(), ['ann owner', 'bob editor'])
    t.strictSame(await accessibilityViolations(), [])
    await page.getByRole('button', { name: 'Remove <b>Bob</b>' }).click()
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('button', { name: 'Remove <b>Bob</b>' }).click()
    await dialog.getByRole('button', { name: 'Remove' }).click()
    await page.getByText('<b>Bob</b> does not belong to the project any more.').waitFor()
    await row('<b>Bob</b>').waitFor({ state: 'detached' })
    t.strictSame(await rolesOf(), ['ann owner'])
  })

  t.test('others are invited by username or email, and an invitation is withdrawn', async (t) => {
    await person.fill('stranger')
    await page.getByText('Nobody whom you can see.').first().waitFor()
    await add()
    await page.getByText('stranger finds the invitation when they log in.').waitFor()
    await row('stranger').getByText('As admin').waitFor()
    await page.getByLabel('Role', { exact: true }).selectOption('Editor')
    await person.fill('Zoe@example.com')
    await add()
    await row('zoe@example.com').getByText('As editor').waitFor()
    t.match(tokenIn((await emailsTo(mail, 'zoe@example.com'))[0]), /^[\w-]{43}$/)
    t.strictSame(await accessibilityViolations(), [])
    await page.getByRole('button', { name: 'Withdraw the invitation of stranger' }).click()
    await dialog.getByRole('button', { name: 'Withdraw' }).click()
    await row('stranger').waitFor({ state: 'detached' })
    t.match(await openInvitations(ann, project), [{ email: 'zoe@example.com', role: 'editor' }])
  })

  t.test('what cannot be invited is explained at the field, and nothing is lost', async (t) => {
    await person.fill('not a name!')
    await add()
    await page.locator('.field-error:not(:empty)').first().waitFor()
    t.equal(await person.getAttribute('aria-invalid'), 'true')
    t.equal(await person.inputValue(), 'not a name!')
  })

  t.test('whoever is invited sees it in the navigation and joins', async (t) => {
    await person.fill('bob')
    await page.getByRole('option', { name: '<b>Bob</b> bob' }).waitFor()
    await page.keyboard.press('Escape')
    await add()
    await row('bob').getByText('As editor').waitFor()
    const phone = await visit(PHONE)
    await phone.logIn('bob')
    await phone.page.getByRole('button', { name: 'Menu, 1 invitation to answer' }).tap()
    t.strictSame(await phone.accessibilityViolations(), [])
    await phone.page.getByRole('link', { name: 'Invitations 1' }).tap()
    const invitation = phone.page.locator('.row', { hasText: 'Kitchen' })
    await invitation.getByText('From Ann').waitFor()
    await invitation.getByText('As an editor').waitFor()
    t.strictSame(await phone.accessibilityViolations(), [])
    t.equal(await phone.page.evaluate('document.documentElement.scrollWidth'), 390)
    await phone.page.getByRole('button', { name: 'Accept the invitation to Kitchen' }).tap()
    await phone.page.getByRole('heading', { name: 'Kitchen' }).waitFor()
    await phone.page.getByLabel('Title of a new task').waitFor()
    await phone.page.getByRole('button', { name: 'Menu', exact: true }).waitFor()
    t.strictSame(await rolesOf(), ['ann owner', 'bob editor'])
    await phone.page.evaluate(`location.hash = '#/projects/${project.id}/members'`)
    await phone.page.getByText('2 people in total').waitFor()
    t.strictSame(await phone.accessibilityViolations(), [])
    t.equal(await phone.page.evaluate('document.documentElement.scrollWidth'), 390)
    t.equal(await phone.page.getByText('Add people').count(), 0, 'an editor invites nobody')
    t.equal(await phone.page.locator('main select').count(), 0)
    await phone.page.getByRole('button', { name: 'Leave' }).tap()
    await phone.page.getByRole('dialog').getByRole('button', { name: 'Leave' }).tap()
    await phone.page.getByText('No projects yet').waitFor()
    t.strictSame(await rolesOf(), ['ann owner'])
    await phone.context.close()
  })

  t.test('whoever is told that a project is lost to them does not ask for it again', async (t) => {
    const lost = await projectWith(ann, { viewer: dee })
    const visitor = await visit()
    let loads = 0
    // The page loads the project again once it follows the changes: from then on they alone tell it what is new.
    const isFollowing = visitor.page.waitForResponse(
      (response) => response.url().endsWith(`/projects/${lost.id}`) && ++loads === 2
    )
    await visitor.logIn('dee', `#/projects/${lost.id}/members`)
    await visitor.page.getByText('2 people in total').waitFor()
    await isFollowing
    await patchProject(ann, lost, { name: 'Attic' })
    await visitor.page.getByRole('heading', { name: 'Attic' }).waitFor()
    await removeMember(ann, lost, dee)
    await visitor.page.getByRole('heading', { name: 'Project not found' }).waitFor()
    t.strictSame(pageFindings().errors, [])
    await visitor.context.close()
  })

  t.test('an invitation is declined, and one that is over says so', async (t) => {
    const attic = await createProject(ann, 'Attic')
    await invitePerson(ann, attic, cid)
    const cellar = await createProject(ann, 'Cellar')
    const id = await invitePerson(ann, cellar, cid)
    const visitor = await visit({ expectedStatuses: [404, 409] })
    await visitor.logIn('cid', '#/invitations')
    const { page } = visitor
    await page.getByText('2 invitations in total').waitFor()
    await withdrawInvitation(ann, cellar, id)
    await page.getByRole('button', { name: 'Accept the invitation to Cellar' }).click()
    await page.getByText('You could not join “Cellar”.').waitFor()
    await page.getByText('1 invitation in total').waitFor()
    await page.getByRole('button', { name: 'Decline the invitation to Attic' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Decline' }).click()
    await page.getByText('No invitations', { exact: true }).waitFor()
    t.strictSame(await visitor.accessibilityViolations(), [])
    await page.locator('.side-count').waitFor({ state: 'hidden' })
    t.strictSame(await invitationsOf(cid), [])
    await visitor.context.close()
  })

  t.test('an admin of the project manages editors and viewers, not other admins', async (t) => {
    const shared = await projectWith(ann, { admin: bob, editor: cid, viewer: dee })
    const visitor = await visit()
    await visitor.logIn('bob', `#/projects/${shared.id}/members`)
    const { page } = visitor
    await page.getByText('4 people in total').waitFor()
    t.strictSame(await page.locator('main .rows').first().locator('select').count(), 2)
    t.strictSame(await page.getByLabel('Role of Cid').locator('option').allTextContents(), [
      'Viewer',
      'Editor'
    ])
    t.equal(await page.getByRole('button', { name: /^Make owner/ }).count(), 0)
    await page.getByRole('button', { name: 'Leave' }).waitFor()
    await visitor.context.close()
  })

  t.test('a project is given to a member after a question', async (t) => {
    await putMember(ann, project, cid, 'editor')
    await page.reload()
    await logIn('ann', `#/projects/${project.id}/members`)
    await page.getByRole('button', { name: 'Make owner: Cid' }).click()
    await dialog.getByText('Only Cid can give it back.').waitFor()
    t.strictSame(await accessibilityViolations(), [])
    await dialog.getByRole('button', { name: 'Make owner' }).click()
    await page.getByText('Cid is the owner now.').waitFor()
    await row('Cid').getByText('owner', { exact: true }).waitFor()
    t.strictSame((await rolesOf(cid)).sort(), ['ann admin', 'cid owner'])
    t.equal(await page.getByLabel('Role of Cid').count(), 0)
  })

  t.test('no page logged an error or made an undocumented call', async (t) => {
    t.strictSame(pageFindings(), { errors: [], undocumentedCalls: [] })
  })
})

t.test('without email the link of an invitation is shown', { skip: withoutBrowser }, async (t) => {
  const { signUp, visit, pageFindings } = await createBrowserTestApp(t, {
    env: { EMAIL_ENABLED: 'off' }
  })
  await signUp('user', 'ann')
  const { page, logIn, accessibilityViolations } = await visit()
  await logIn('ann', '#/projects')
  await page.getByRole('button', { name: 'New project' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name').fill('Kitchen')
  await dialog.getByRole('button', { name: 'Create project' }).click()
  await page.getByRole('link', { name: 'Members' }).click()
  await page.getByLabel('Name, username or email').fill('zoe@example.com')
  await page.getByRole('button', { name: 'Add or invite' }).click()
  const link = await dialog.getByLabel('Link', { exact: true }).inputValue()
  t.strictSame(await accessibilityViolations(), [])
  await dialog.getByRole('button', { name: 'Done' }).click()
  await page.locator('.row', { hasText: 'zoe@example.com' }).waitFor()

  const guest = await visit()
  await guest.open(new URL(link).hash)
  await guest.page.getByText('You are invited.').waitFor()
  await guest.page.getByLabel('Email').fill('zoe@example.com')
  await guest.page.getByLabel('Password', { exact: true }).fill(PASSWORD)
  await guest.page.getByLabel('Repeat the password').fill(PASSWORD)
  await guest.page.getByRole('button', { name: 'Create account' }).click()
  await guest.page.getByRole('link', { name: 'Projects' }).click()
  await guest.page.locator('.row', { hasText: 'Kitchen' }).waitFor()
  t.strictSame(pageFindings(), { errors: [], undocumentedCalls: [] })
})
