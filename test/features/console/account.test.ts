import t from 'tap'
import { sessions } from '../../../src/db/tables/sessions.ts'
import { createBrowserTestApp, withoutBrowser } from '../../support/browser.ts'
import { codeTo } from '../../support/emails.ts'
import { PASSWORD } from '../../support/test-app.ts'
import { waitUntil } from '../../support/wait-until.ts'

t.test('the account page', { skip: withoutBrowser }, async (t) => {
  const { app, db, request, signUp, visit, pageFindings, calls, origin, mail } =
    await createBrowserTestApp(t)
  const ann = await signUp('user', 'ann')
  const backToAnn = { username: 'ann', current_password: PASSWORD }
  const { page, context, logIn, accessibilityViolations } = await visit({
    expectedStatuses: [400, 401, 403]
  })
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin })
  await logIn('ann', '#/account')
  const section = (name: string) => page.getByRole('region', { name })

  t.test('the page passes axe in both themes and fits a width of 360 pixels', async (t) => {
    await section('Sessions').getByText('current', { exact: true }).waitFor()
    t.strictSame(await accessibilityViolations(), [])
    await page.setViewportSize({ width: 360, height: 740 })
    t.strictSame(await accessibilityViolations(), [])
    t.equal(await page.evaluate('document.documentElement.scrollWidth'), 360)
    await page.setViewportSize({ width: 1200, height: 800 })
  })

  t.test('changing the profile sends only what differs', async (t) => {
    await section('Profile').getByLabel('Display name').fill('Ann Lee')
    const [sent] = await Promise.all([
      page.waitForRequest((request) => request.method() === 'PATCH'),
      page.getByRole('button', { name: 'Save profile' }).click()
    ])
    t.strictSame(sent.postDataJSON(), { name: 'Ann Lee' })
    await page.getByText('Profile saved.').waitFor()
    t.match((await ann.get('/api/v1/me')).json(), { name: 'Ann Lee', username: 'ann' })
  })

  t.test('an API key is shown once, can be copied, works, and can be revoked', async (t) => {
    await page.getByRole('button', { name: 'Create API key' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Create key' }).click()
    await dialog.getByText('Enter a name for the key.').waitFor()
    await dialog.getByLabel('Name').fill('Nightly report')
    t.strictSame(await accessibilityViolations(), [])
    await dialog.getByRole('button', { name: 'Create key' }).click()
    const shown = page.getByLabel('API key', { exact: true })
    await shown.waitFor()
    const key = String(await shown.textContent())
    t.match(key, /^tl_[0-9A-Za-z]{46}$/)
    t.strictSame(await accessibilityViolations(), [])
    await page.getByRole('button', { name: 'Copy' }).click()
    await page.getByText('Copied.').waitFor()
    t.equal(await page.evaluate('navigator.clipboard.readText()'), key)
    const status = async () =>
      (await app.inject({ url: '/api/v1/tasks', headers: { authorization: `Bearer ${key}` } }))
        .statusCode
    t.equal(await status(), 200)
    await page.getByRole('button', { name: 'Done' }).click()
    await page.locator('dialog').waitFor({ state: 'detached' })
    await section('API keys').getByText('Nightly report').waitFor()
    t.notMatch(await page.content(), new RegExp(key), 'nothing of it is left on the page')
    await page.getByRole('button', { name: 'Revoke Nightly report' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
    await page.getByText('No API keys').waitFor()
    t.equal(await status(), 401)
  })

  t.test(
    'some minutes after the password was entered, it is asked for with a key and a username',
    async (t) => {
      await db.update(sessions).set({ password_entered_at: null })
      await page.getByRole('button', { name: 'Create API key' }).click()
      const dialog = page.getByRole('dialog')
      await dialog.getByLabel('Name').fill('Later report')
      t.notOk(await dialog.getByLabel('Your password').isVisible())
      await dialog.getByRole('button', { name: 'Create key' }).click()
      await dialog.getByLabel('Your password').fill(PASSWORD)
      t.strictSame(await accessibilityViolations(), [])
      await dialog.getByRole('button', { name: 'Create key' }).click()
      await page.getByRole('button', { name: 'Done' }).click()
      await db.update(sessions).set({ password_entered_at: null })
      await section('Profile').getByLabel('Username').fill('ann.lee')
      await page.getByRole('button', { name: 'Save profile' }).click()
      await section('Profile').getByLabel('Your password').fill(PASSWORD)
      await page.getByRole('button', { name: 'Save profile' }).click()
      await page.getByText('Profile saved.').last().waitFor()
      await section('Profile').getByLabel('Your password').waitFor({ state: 'hidden' })
      t.match((await ann.get('/api/v1/me')).json(), { username: 'ann.lee' })
      await ann.send({ method: 'PATCH', url: '/api/v1/me', payload: backToAnn })
      await page.getByRole('button', { name: 'Revoke Later report' }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
      await page.getByText('No API keys').waitFor()
    }
  )

  t.test('an email is added with the password and confirmed with its code', async (t) => {
    await section('Email').getByLabel('New email').fill('ann@example.com')
    await section('Email').getByLabel('Your password').fill('not the password')
    await page.getByRole('button', { name: 'Change email' }).click()
    await section('Email').getByText('Wrong password').waitFor()
    await section('Email').getByLabel('Your password').fill(PASSWORD)
    await page.getByRole('button', { name: 'Change email' }).click()
    await page.getByLabel('Code from the email').waitFor()
    t.equal(await page.getByLabel('Email', { exact: true }).inputValue(), 'ann@example.com')
    await waitUntil('the email', async () => /^\d{8}$/.test(await codeTo(mail, 'ann@example.com')))
    await page.getByLabel('Code from the email').fill(await codeTo(mail, 'ann@example.com'))
    await page.getByRole('button', { name: 'Confirm', exact: true }).click()
    await page.getByText('Email confirmed.').waitFor()
    t.match((await ann.get('/api/v1/me')).json(), {
      email: 'ann@example.com',
      email_verified: true
    })
  })

  t.test('other sessions can be listed and ended, the current one stays', async (t) => {
    const elsewhere = (
      await request({
        method: 'POST',
        url: '/api/v1/auth/login',
        payload: { username: 'ann', password: PASSWORD },
        headers: { 'user-agent': 'Pocket telephone' }
      })
    ).json()
    await page.goto(`${origin}/app/#/account`)
    await page.getByRole('button', { name: 'End the session of Pocket telephone' }).click()
    await page.getByText('Session ended.').waitFor()
    t.equal(
      (
        await app.inject({
          url: '/api/v1/me',
          headers: { authorization: `Bearer ${elsewhere.access_token}` }
        })
      ).statusCode,
      401
    )
    await page.getByRole('button', { name: 'End all other sessions' }).click()
    await page.getByText('All other sessions have ended.').waitFor()
    await section('Sessions').getByText('1 session in total').waitFor()
    t.equal((await ann.get('/api/v1/me')).statusCode, 401)
  })

  t.test('an expired access token is renewed once for all waiting calls', async (t) => {
    const other = await visit()
    await other.page.clock.install()
    await other.logIn('ann', '#/trash')
    await other.page.getByText('The trash is empty').waitFor()
    const before = calls.length
    const renewals: string[] = []
    other.page.on('request', (sent) => {
      if (sent.url().includes('/app/session/')) {
        renewals.push(new URL(sent.url()).pathname)
      }
    })
    await other.page.clock.fastForward('14:50')
    await other.page.evaluate('location.hash = "#/account"')
    await other.page
      .getByRole('region', { name: 'Sessions' })
      .getByText('current', { exact: true })
      .waitFor()
    await other.page.getByText('No API keys').waitFor()
    t.strictSame(
      calls
        .slice(before)
        // The tab follows changes all the time.
        .filter(({ path }) => !/\/(changes|tasks)\b/.test(path))
        .map(({ method, path, status }) => `${method} ${path.slice(8)} ${status}`)
        .sort(),
      ['GET auth/sessions 200', 'GET me/api-keys 200']
    )
    t.strictSame(renewals, ['/app/session/refresh'])
    await other.context.close()
  })

  t.test('the password can be changed with the current one', async (t) => {
    await page.getByLabel('Current password').fill('not the password')
    await page.getByLabel('New password', { exact: true }).fill('a staple that is correct')
    await page.getByLabel('Repeat the new password').fill('a staple that is correct')
    await page.getByRole('button', { name: 'Change password' }).click()
    await section('Password').getByText('Wrong password').waitFor()
    await page.getByLabel('Current password').fill(PASSWORD)
    await page.getByRole('button', { name: 'Change password' }).click()
    await page.getByText('Password changed.').waitFor()
    t.equal(await page.getByLabel('Current password').inputValue(), '')
    const logInWith = async (password: string) =>
      (
        await request({
          method: 'POST',
          url: '/api/v1/auth/login',
          payload: { username: 'ann', password }
        })
      ).statusCode
    t.strictSame(
      [await logInWith(PASSWORD), await logInWith('a staple that is correct')],
      [401, 200]
    )
  })

  t.test(
    'all tasks can be moved to the trash and the account deleted, both after confirmation',
    async (t) => {
      await page.getByRole('button', { name: 'Move all tasks to the trash' }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
      await page.getByRole('button', { name: 'Move all tasks to the trash' }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Move all to the trash' }).click()
      await page.getByText('Moved 0 tasks to the trash.').waitFor()
      await section('Danger zone').getByLabel('Your password').fill('a staple that is correct')
      await page.getByRole('button', { name: 'Delete my account' }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Delete permanently' }).click()
      await page.getByRole('heading', { name: 'Log in' }).waitFor()
      t.equal(
        (
          await request({
            method: 'POST',
            url: '/api/v1/auth/login',
            payload: { username: 'ann', password: 'a staple that is correct' }
          })
        ).statusCode,
        401
      )
    }
  )

  t.test(
    'no page reports an error or violates its policy, and all calls are in the contract',
    async (t) => {
      const { errors, undocumentedCalls } = pageFindings()
      t.strictSame(errors, [])
      t.strictSame(undocumentedCalls, [])
    }
  )
})
