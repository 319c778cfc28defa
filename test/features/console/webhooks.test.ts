import t from 'tap'
import { createBrowserTestApp, withoutBrowser } from '../../support/browser.ts'
import { worker } from '../../support/imports.ts'
import { createProject } from '../../support/projects.ts'
import { waitUntil } from '../../support/wait-until.ts'
import { LOOPBACK, startReceiver, WEBHOOKS } from '../../support/webhooks.ts'

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }

t.test('the pages of webhooks', { skip: withoutBrowser }, async (t) => {
  const app = await createBrowserTestApp(t, { env: LOOPBACK })
  const { signUp, visit, pageFindings } = app
  worker(t, app)
  const ann = await signUp('user', 'ann')
  const project = await createProject(ann, 'Kitchen')
  const receiver = await startReceiver(t)
  const visitor = await visit({
    expectedStatuses: [400, 404, 409],
    permissions: ['clipboard-read', 'clipboard-write']
  })
  const { page, logIn, accessibilityViolations } = visitor
  const dialog = page.getByRole('dialog')
  const row = (text: string) => page.locator('main .row', { hasText: text })
  const button = (name: string) => page.getByRole('button', { name, exact: true })
  const stored = async () => (await ann.get(WEBHOOKS)).json().data
  await logIn('ann', '#/webhooks')

  t.test('one is created by keyboard, and its secret is shown once', async (t) => {
    await page.getByText('No webhooks', { exact: true }).waitFor()
    t.strictSame(await accessibilityViolations(), [])
    await page.locator('h1').press('n')
    await dialog.getByRole('button', { name: 'Create webhook' }).press('Enter')
    await dialog.getByText('Enter a URL.').waitFor()
    await page.keyboard.type('http://10.0.0.1/hook')
    await page.keyboard.press('Enter')
    await dialog.locator('.field-error:not(:empty)').first().waitFor()
    t.strictSame(await stored(), [])
    await dialog.getByLabel('URL').fill(receiver.url)
    await dialog.getByLabel('Description (optional)').fill('<b>Calendar</b>')
    await dialog.getByLabel('Project', { exact: true }).selectOption('Kitchen')
    const tasks = dialog.getByRole('group', { name: 'Tasks' })
    await tasks.getByLabel('Created').check()
    await tasks.getByLabel('Changed').check()
    t.strictSame(await accessibilityViolations(), [])
    await dialog.getByRole('button', { name: 'Create webhook' }).press('Enter')
    const secret = await dialog.getByLabel('Secret').textContent()
    t.match(secret, /^whsec_.{44}$/)
    t.strictSame(await accessibilityViolations(), [])
    await page.keyboard.press('Enter')
    await dialog.getByText('Copied.').waitFor()
    t.equal(await page.evaluate('navigator.clipboard.readText()'), secret)
    await dialog.getByRole('button', { name: 'Done' }).press('Enter')
    await page.getByRole('heading', { name: '<b>Calendar</b>' }).waitFor()
    t.equal(await page.locator('main b').count(), 0, 'a description is text')
    t.notMatch(await page.content(), String(secret))
    t.match(await stored(), [
      {
        url: receiver.url,
        description: '<b>Calendar</b>',
        project_id: project.id,
        types: ['task.created', 'task.updated']
      }
    ])
  })

  t.test('a ping and a change arrive, and their attempts are shown', async (t) => {
    receiver.respond = (_, response) => response.writeHead(200).end('<i>Thanks</i>')
    await button('Send a ping').click()
    await row('ping').getByText('delivered').waitFor()
    await ann.create({ title: 'Buy paint', project_id: project.id })
    await row('task.created').getByText('delivered').waitFor()
    t.strictSame(receiver.types(), ['ping', 'task.created'])
    await row('task.created').getByText('1 attempt').click()
    await row('task.created').getByText('<i>Thanks</i>').waitFor()
    await row('task.created')
      .getByText(/ · status 200 · \d+ ms/)
      .waitFor()
    t.equal(await page.locator('main i').count(), 0, 'a response is text')
    t.strictSame(await accessibilityViolations(), [])
  })

  t.test('what has failed says why, and is delivered again', async (t) => {
    receiver.respond = (_, response) => response.writeHead(500).end('Out of order')
    const task = await ann.create({ title: 'Buy brushes', project_id: project.id })
    await ann.patch(task, { title: 'Buy two brushes' })
    await row('task.updated').getByText('waiting').waitFor()
    await row('task.updated').locator('summary').press('Enter')
    await row('task.updated').getByText('Out of order').first().waitFor()
    await page.getByRole('group', { name: 'Which deliveries' }).getByText('Waiting').click()
    await row('ping').waitFor({ state: 'detached' })
    receiver.respond = (_, response) => response.writeHead(204).end()
    await page.getByRole('button', { name: /^Deliver again: task.updated/ }).click()
    await row('task.updated').waitFor({ state: 'detached' })
    await page.getByRole('group', { name: 'Which deliveries' }).getByText('Delivered').click()
    await row('task.updated').waitFor()
    t.ok(receiver.types().filter((type) => type === 'task.updated').length >= 2)
  })

  t.test('it is edited, disabled, enabled and given another secret', async (t) => {
    await button('Edit').click()
    await dialog.getByLabel('Description (optional)').fill('Calendar of the kitchen')
    await dialog.getByLabel('Project', { exact: true }).selectOption('All tasks that you see')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('heading', { name: 'Calendar of the kitchen' }).waitFor()
    await button('Disable').click()
    await page.getByText('disabled', { exact: true }).waitFor()
    t.match(await stored(), [{ enabled: false, project_id: null, types: { length: 2 } }])
    await button('Enable').click()
    await page.getByText('enabled', { exact: true }).waitFor()
    await button('Replace secret').click()
    await dialog.getByRole('button', { name: 'Replace' }).click()
    t.match(await dialog.getByLabel('Secret').textContent(), /^whsec_/)
    await dialog.getByRole('button', { name: 'Done' }).click()
    await page.getByText('Also signed with an earlier one until').waitFor()
    await button('Replace secret').click()
    await dialog.getByText('The present secret ends at once.').waitFor()
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    t.strictSame(await accessibilityViolations(), [])
  })

  t.test('one that Tasklane disabled says why, on a phone as well', async (t) => {
    receiver.respond = (_, response) => response.writeHead(410).end()
    await ann.create({ title: 'Buy tape' })
    await waitUntil('the end of the webhook', async () => !(await stored())[0].enabled)
    const phone = await visit(PHONE)
    await phone.logIn('ann', '#/webhooks')
    await phone.page.getByText('Tasklane disabled it: its receiver says').waitFor()
    t.strictSame(await phone.accessibilityViolations(), [])
    t.equal(await phone.page.evaluate('document.documentElement.scrollWidth'), 390)
    await phone.page.getByRole('link', { name: 'Deliveries of Calendar of the kitchen' }).tap()
    await phone.page.getByText('Tasklane disabled it: its receiver says').waitFor()
    await phone.page.locator('main .row', { hasText: 'task.created' }).first().waitFor()
    t.strictSame(await phone.accessibilityViolations(), [])
    t.equal(await phone.page.evaluate('document.documentElement.scrollWidth'), 390)
    await phone.page.getByRole('button', { name: 'Enable', exact: true }).tap()
    await phone.page.getByText('enabled', { exact: true }).waitFor()
    await phone.page.getByRole('button', { name: 'Edit' }).tap()
    t.equal(await phone.page.evaluate('document.documentElement.scrollWidth'), 390)
    t.strictSame(await phone.accessibilityViolations(), [])
    await phone.context.close()
  })

  t.test('one is deleted after a question', async (t) => {
    await page.getByRole('link', { name: 'Webhooks', exact: true }).click()
    await page.getByRole('button', { name: 'Delete Calendar of the kitchen' }).click()
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('button', { name: 'Delete Calendar of the kitchen' }).click()
    await dialog.getByRole('button', { name: 'Delete' }).click()
    await page.getByText('No webhooks', { exact: true }).waitFor()
    t.strictSame(await stored(), [])
  })

  t.test('no page reports an error or makes an undocumented call', async (t) => {
    t.strictSame(pageFindings(), { errors: [], undocumentedCalls: [] })
  })
})
