import t from 'tap'
import { composeFeatures } from '../../../src/features.ts'
import { createBrowserTestApp, withoutBrowser } from '../../support/browser.ts'
import { PASSWORD } from '../../support/test-app.ts'
import { waitUntil } from '../../support/wait-until.ts'

/** What the history of tasks has; the table of that history says so. */
const TASK_ACTIONS = ['created', 'updated', 'moved', 'deleted', 'restored', 'purged'].map(
  (what) => `task.${what}`
)

t.test('every action of the audit log has a sentence, and no other has', async (t) => {
  const folder = '../../../src/features/console/public/pages/admin/'
  const { ACTIONS } = await import(`${folder}audit-sentences.js`)
  const catalogue = composeFeatures().flatMap(({ auditActions = [] }) => auditActions)
  t.strictSame(Object.keys(ACTIONS).sort(), [...catalogue, ...TASK_ACTIONS].sort())
})

t.test('the audit log', { skip: withoutBrowser }, async (t) => {
  const { request, signUp, visit, pageFindings } = await createBrowserTestApp(t)
  const ann = await signUp('admin', 'ann', { name: 'Ann' })
  const eve = await signUp('user', 'eve', { name: 'Eve' })
  const send = (who: typeof ann, method: 'POST' | 'PATCH' | 'DELETE', url: string, payload = {}) =>
    who.send({ method, url: `/api/v1${url}`, payload })
  await send(ann, 'POST', '/admin/ip-bans', {
    address: '203.0.113.7',
    until: '2040-03-03T12:00:00Z'
  })
  await send(ann, 'PATCH', `/admin/users/${eve.user.id}`, { role: 'manager' })
  await send(ann, 'PATCH', `/admin/users/${eve.user.id}`, { role: 'user' })
  const payload = { username: 'eve', password: 'wrong horse battery' }
  await request({ method: 'POST', url: '/api/v1/auth/login', payload })
  await request({
    method: 'POST',
    url: '/api/v1/auth/login',
    payload: { username: 'nobody', password: PASSWORD }
  })
  const { access_token } = (
    await request({
      method: 'POST',
      url: '/api/v1/auth/login',
      payload: { username: 'eve', password: PASSWORD }
    })
  ).json()
  await request({
    url: '/api/v1/admin/users',
    headers: { authorization: `Bearer ${access_token}` }
  })
  const project = (await send(ann, 'POST', '/projects', { name: 'Kitchen' })).json()
  await send(ann, 'PUT' as 'POST', `/projects/${project.id}/members/${eve.user.id}`, {
    role: 'viewer'
  })
  const task = await ann.create({ title: 'Paint the door', project_id: project.id })
  await ann.patch(task, { status: 'done', due_date: '2026-03-01' })
  const { page, logIn, accessibilityViolations } = await visit({ expectedStatuses: [404] })
  await logIn('ann', '#/audit-log')
  const sentence = (text: string | RegExp) =>
    page.locator('.audit-event p').filter({ hasText: text })

  t.test('is told in sentences, with the names of people, projects and tasks', async (t) => {
    for (const text of [
      /^(Only events of )?You banned 203\.0\.113\.7 until 3 Mar 2040, 13:00$/,
      /You changed the role of (Only events about )?Eve from user to manager$/,
      /^A log-in as (Only events about )?Eve failed: wrong password$/,
      /^A log-in failed: there is no such account$/,
      /Eve was not allowed to list users$/,
      /You created the project Kitchen$/,
      /You changed the due date and status of “Paint the door”$/
    ]) {
      await sentence(text).first().waitFor()
    }
    t.strictSame(await accessibilityViolations(), [])
    const time = page.locator('.audit-event time').first()
    t.match(await time.getAttribute('title'), /\d{4}, \d\d:\d\d/)
  })

  t.test('is narrowed to a person, an action and days, which the address keeps', async (t) => {
    await page.getByRole('combobox', { name: 'Who' }).fill('Eve')
    await page.getByRole('option', { name: 'Eve' }).click()
    await sentence(/Eve was not allowed/).waitFor()
    await waitUntil('only hers', async () => (await sentence(/You /).count()) === 0)
    await page.getByLabel('What').selectOption('Logged in')
    await page.getByText('1 event in total').waitFor()
    await page.getByLabel('To').fill('2020-01-01')
    await page.getByText('No events').waitFor()
    t.match(page.url(), new RegExp(`actor_id=${eve.user.id}&action=user.logged_in`))
    t.match(page.url(), /created_before=2020-01-01/)
    await page.getByLabel('To').fill('')
    await page.getByText('1 event in total').waitFor()
  })

  t.test('is narrowed to whom it is about by a press on a name, and widened again', async (t) => {
    await page.evaluate('location.hash = "#/audit-log?action=user.role_changed"')
    await page.getByText('2 events in total').waitFor()
    await page.getByRole('button', { name: 'Only events about Eve' }).first().click()
    await page.getByText('Only about Eve').waitFor()
    t.match(page.url(), new RegExp(`subject_id=${eve.user.id}`))
    await page.getByRole('button', { name: 'Show all' }).click()
    t.notMatch(page.url(), /subject_id/)
  })

  t.test('no page reports an error, and all calls are in the contract', async (t) => {
    const { errors, undocumentedCalls } = pageFindings()
    t.strictSame(errors, [])
    t.strictSame(undocumentedCalls, [])
  })
})
