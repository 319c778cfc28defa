import type { Page } from 'playwright-core'
import t from 'tap'
import { auditEntries } from '../../support/audit-log.ts'
import {
  createBrowserTestApp,
  fillLogin,
  OTHER_MACHINE,
  withoutBrowser
} from '../../support/browser.ts'
import { emailsTo } from '../../support/emails.ts'
import { tokenIn } from '../../support/links.ts'
import { PASSWORD } from '../../support/test-app.ts'
import { waitUntil } from '../../support/wait-until.ts'

t.test('the session of the console', { skip: withoutBrowser }, async (t) => {
  const { app, db, mail, origin, signUp, visit, pageFindings } = await createBrowserTestApp(t)
  const ann = await signUp('user', 'ann')
  await signUp('user', 'bob')
  await ann.create({ title: 'Paint the door' })

  const door = (page: Page) => page.locator('a.task-title', { hasText: 'Paint the door' })
  const loginHeading = (page: Page) => page.getByRole('heading', { name: 'Log in', exact: true })
  const userName = (page: Page, name: string) => page.locator('.user-name', { hasText: name })
  const tab = async (visitor: Awaited<ReturnType<typeof visit>>, hash = '') => {
    const page = await visitor.context.newPage()
    await page.goto(`${origin}/app/${hash}`)
    return page
  }
  const refreshes = async () =>
    (await auditEntries(db)).filter(({ action }) => action === 'session.refreshed').length
  const logOut = (page: Page) => page.getByRole('button', { name: 'Log out' }).click()

  t.test('a reload keeps who is logged in, the page and its filters', async (t) => {
    const visitor = await visit({ expectedStatuses: [401] })
    await visitor.logIn('ann', '#/tasks?q=door&sort=title_asc')
    await door(visitor.page).waitFor()
    const url = visitor.page.url()
    for (let i = 0; i < 3; i++) {
      await visitor.page.reload()
      await door(visitor.page).waitFor()
    }
    t.equal(visitor.page.url(), url)
    // Left while the page was still at it: nobody receives the response to the refresh.
    const reload = () => visitor.page.reload({ waitUntil: 'commit' })
    for (let i = 0; i < 5; i++) {
      // Chromium refuses one in the instant in which it goes from one page to the next.
      await reload().catch(reload)
    }
    await door(visitor.page).waitFor()
    t.equal(await visitor.page.evaluate('document.cookie'), '')
    await visitor.context.close()
  })

  t.test('several tabs at once take one rotation, and log out together', async (t) => {
    const visitor = await visit()
    await visitor.logIn('ann')
    const before = await refreshes()
    const others = await Promise.all([1, 2, 3].map(() => tab(visitor)))
    for (const page of others) {
      await door(page).waitFor()
    }
    t.equal(await refreshes(), before, 'they have the access token of the first')
    const [second, third, fourth] = others as [Page, Page, Page]
    await Promise.all([visitor.page.close(), third.close()])
    await second.reload()
    await door(second).waitFor()
    await logOut(second)
    await loginHeading(fourth).waitFor()
    t.notMatch(await fourth.content(), /Paint the door/)
    t.strictSame(await visitor.context.cookies(), [])
    await fourth.reload()
    await loginHeading(fourth).waitFor()
    await fillLogin(fourth, 'ann')
    await door(second).waitFor()
    await visitor.context.close()
  })

  t.test('who logs in as somebody else does so in all tabs, and nothing is mixed', async (t) => {
    const visitor = await visit()
    const { page } = visitor
    await visitor.open()
    const second = await tab(visitor)
    await loginHeading(page).waitFor()
    await loginHeading(second).waitFor()
    await fillLogin(page, 'ann')
    await door(second).waitFor()
    await page.getByLabel('Title of a new task').fill('A secret of Ann')
    await logOut(second)
    await loginHeading(page).waitFor()
    await fillLogin(second, 'bob')
    for (const each of [page, second]) {
      await userName(each, 'bob').waitFor()
      await each.getByText('You have no open tasks').waitFor()
      t.notMatch(await each.content(), /Paint the door|secret of Ann/)
    }
    await visitor.context.close()
  })

  t.test(
    'a session that is ended elsewhere asks for the password once, for all tabs',
    async (t) => {
      const visitor = await visit({ expectedStatuses: [401] })
      const { page } = visitor
      await visitor.logIn('ann')
      const second = await tab(visitor)
      await door(second).waitFor()
      await ann.send({ method: 'DELETE', url: '/api/v1/auth/sessions' })
      const dialogs = [page, second].map((each) =>
        each.getByRole('dialog', { name: 'Log in to continue' })
      )
      for (const each of [page, second]) {
        await each
          .getByLabel('Title of a new task')
          .fill(`Typed in ${each === page ? 'one' : 'two'}`)
        await each.keyboard.press('Enter')
      }
      for (const dialog of dialogs) {
        await dialog.waitFor()
      }
      await fillLogin(second, 'ann')
      for (const each of [page, second]) {
        await each.locator('a.task-title', { hasText: 'Typed in one' }).waitFor()
        await each.locator('a.task-title', { hasText: 'Typed in two' }).waitFor()
      }
      await ann.send({ method: 'DELETE', url: '/api/v1/auth/sessions' })
      await second.getByLabel('Title of a new task').fill('Never sent')
      await second.keyboard.press('Enter')
      await second.getByRole('dialog', { name: 'Log in to continue' }).waitFor()
      await page.reload()
      await loginHeading(page).waitFor()
      t.strictSame(await visitor.context.cookies(), [], 'a cookie that opens nothing is removed')
      await visitor.context.close()
    }
  )

  t.test('without cookies the tokens stay in memory, and renew the session there', async (t) => {
    const visitor = await visit()
    const { page, context } = visitor
    await page.clock.install()
    // The browser neither gets nor sends a cookie.
    await page.route('**/app/session/*', async (route) => {
      const request = route.request()
      const response = await fetch(request.url(), {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: request.postData()
      })
      await route.fulfill({ status: response.status, body: await response.text() })
    })
    await visitor.logIn('ann')
    await door(page).waitFor()
    t.strictSame(await context.cookies(), [])
    await page.clock.fastForward('14:50')
    const renewed = page.waitForResponse('**/api/v1/auth/refresh')
    await page.evaluate('location.hash = "#/trash"')
    t.equal((await renewed).status(), 200)
    await page.getByText('The trash is empty').waitFor()
    await logOut(page)
    await loginHeading(page).waitFor()
    await page.reload()
    await loginHeading(page).waitFor()
    await context.close()
  })

  t.test(
    'a tab that sleeps while it renews the session does not keep others waiting',
    async (t) => {
      const visitor = await visit()
      await visitor.logIn('ann')
      await door(visitor.page).waitFor()
      const name = await visitor.page.evaluate(
        'navigator.locks.query().then(({ held }) => held.find(({ name }) => / tab$/.test(name)).name)'
      )
      const lock = JSON.stringify(String(name).replace(/ tab$/, ''))
      await visitor.page.evaluate(
        `void navigator.locks.request(${lock}, () => new Promise(() => {}))`
      )
      const second = await visitor.context.newPage()
      await second.clock.install()
      await second.goto(`${origin}/app/`, { waitUntil: 'commit' })
      await waitUntil('the wait for the lock', () =>
        second.evaluate<boolean>(
          `navigator.locks.query().then(({ pending }) => pending.some(({ name }) => name === ${lock}))`
        )
      )
      await second.clock.fastForward(10_000)
      await door(second).waitFor()
      t.equal((await visitor.context.cookies()).length, 1)
      await visitor.context.close()
    }
  )

  t.test('over plain HTTP to another machine people stay logged in and add tasks', async (t) => {
    const { context } = await visit()
    const page = await context.newPage()
    const url = `${origin.replace('127.0.0.1', OTHER_MACHINE)}/app/`
    await page.goto(url)
    t.equal(await page.evaluate('isSecureContext'), false)
    await fillLogin(page, 'ann')
    await page.getByLabel('Title of a new task').fill('Added in the office')
    await page.keyboard.press('Enter')
    const added = (of: Page) =>
      of.locator('a.task-title', { hasText: 'Added in the office' }).waitFor()
    await added(page)
    const second = await context.newPage()
    await Promise.all([page.reload(), second.goto(url)])
    await Promise.all([added(page), added(second)])
    await logOut(page)
    await loginHeading(second).waitFor()
    await context.close()
  })

  t.test('many tabs that come back at once where nothing locks stay logged in', async (t) => {
    const { context } = await visit()
    const first = await context.newPage()
    const url = `${origin.replace('127.0.0.1', OTHER_MACHINE)}/app/`
    await first.goto(url)
    await fillLogin(first, 'ann')
    await door(first).waitFor()
    await first.goto('about:blank')
    const tabs = await Promise.all(Array.from({ length: 6 }, () => context.newPage()))
    const held: (() => void)[] = []
    // The first refresh of each waits for that of the others.
    await context.route('**/app/session/refresh', async (route) => {
      if (held.length < tabs.length) {
        const all = new Promise<void>((resolve) => held.push(resolve))
        if (held.length === tabs.length) {
          for (const release of held) {
            release()
          }
        }
        await all
      }
      await route.continue()
    })
    await Promise.all(tabs.map((page) => page.goto(url)))
    await Promise.all(tabs.map((page) => door(page).waitFor()))
    t.equal((await context.cookies()).length, 1)
    for (const page of tabs) {
      await page.evaluate('location.hash = "#/trash"')
      await page.getByText('The trash is empty').waitFor()
    }
    await context.close()
  })

  t.test('a session that another host of the domain planted is nobody’s', async (t) => {
    const visitor = await visit()
    const plant = async () => {
      const bobs = await app.inject({
        method: 'POST',
        url: '/app/session/login',
        payload: { username: 'bob', password: PASSWORD }
      })
      const value = String(bobs.headers['set-cookie']).replace(/^[^=]+=|;.*/g, '')
      const cookie = { name: 'tasklane-session', value, domain: '127.0.0.1', path: '/app/session' }
      await visitor.context.addCookies([cookie])
      return bobs.json().access_token
    }
    const token = await plant()
    await visitor.open()
    await loginHeading(visitor.page).waitFor()
    await fillLogin(visitor.page, 'ann')
    await door(visitor.page).waitFor()
    await plant()
    await visitor.page.reload()
    await loginHeading(visitor.page).waitFor()
    const headers = { authorization: `Bearer ${token}` }
    t.equal((await app.inject({ url: '/api/v1/me', headers })).statusCode, 401)
    await visitor.context.close()
  })

  t.test('what was still being saved at a log-out cannot be undone by the next user', async (t) => {
    const visitor = await visit({ expectedStatuses: [403, 404] })
    const { page } = visitor
    const answers: (() => void)[] = []
    await page.route('**/api/v1/tasks', async (route) => {
      const response = await route.fetch()
      if (answers.length === 0) {
        await new Promise<void>((resolve) => answers.push(resolve))
      }
      await route.fulfill({ response })
    })
    await visitor.logIn('ann')
    await page.getByLabel('Title of a new task').fill('A present for Bob')
    await page.keyboard.press('Enter')
    await waitUntil('the request', async () => answers.length > 0)
    await logOut(page)
    await loginHeading(page).waitFor()
    await fillLogin(page, 'bob')
    await userName(page, 'bob').waitFor()
    const answered = page.waitForResponse('**/api/v1/tasks')
    answers[0]?.()
    await answered
    await page.locator('h1').press('u')
    await page.getByLabel('Title of a new task').fill('A task of Bob')
    await page.keyboard.press('Enter')
    await page.locator('a.task-title', { hasText: 'A task of Bob' }).waitFor()
    t.equal(await page.getByText('present for Bob').count(), 0)
    await visitor.context.close()
  })

  t.test('links in emails lead somewhere for somebody who is logged in, too', async () => {
    const root = await signUp('admin', 'root')
    await root.post('/api/v1/admin/invitations', { email: 'eve@example.com', role: 'user' })
    const [invitation] = await emailsTo(mail, 'eve@example.com')
    const visitor = await visit()
    const { page } = visitor
    await visitor.logIn('ann')
    await door(page).waitFor()
    await page.evaluate(`location.hash = "#/register?invitation_token=${tokenIn(invitation)}"`)
    await page.getByText('You are logged in as ann.').waitFor()
    await page.getByLabel('Username').fill('eve')
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
    await page.getByLabel('Repeat the password').fill(PASSWORD)
    await page.getByRole('button', { name: 'Create account' }).click()
    await userName(page, 'eve').waitFor()
    await page.evaluate('location.hash = "#/register"')
    await page.getByText('You have no open tasks').waitFor()
    const eve = (await root.get('/api/v1/admin/users?q=eve')).json().data[0]
    const link = await root.post(`/api/v1/admin/users/${eve.id}/password-reset`)
    await page.evaluate(`location.hash = "#/set-password?reset_token=${tokenIn(link.body)}"`)
    await page.getByLabel('New password', { exact: true }).fill('another long passphrase')
    await page.getByLabel('Repeat the new password').fill('another long passphrase')
    await page.getByRole('button', { name: 'Save password' }).click()
    await page.getByText('Password saved. Log in with it.').waitFor()
    await loginHeading(page).waitFor()
    await visitor.context.close()
  })

  t.test('who logs out while the server is away is logged out after a reload, too', async (t) => {
    const visitor = await visit({ allowNetworkErrors: true })
    const { page, context } = visitor
    await visitor.logIn('ann')
    await door(page).waitFor()
    await page.route('**/app/session/logout', (route) => route.abort('connectionreset'))
    await logOut(page)
    await loginHeading(page).waitFor()
    await page.getByText('the session on the server could not be ended').waitFor()
    t.equal((await context.cookies()).length, 1)
    await page.unroute('**/app/session/logout')
    await page.reload()
    await loginHeading(page).waitFor()
    t.strictSame(await context.cookies(), [])
    await context.close()
  })

  t.test('no page reports an error or violates its policy', async (t) => {
    t.strictSame(pageFindings().errors, [])
    t.equal((await app.inject('/health/live')).statusCode, 200)
  })
})
