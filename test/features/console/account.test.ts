import t from 'tap'
import { createBrowserTestApp, inBrowser } from '../../support/browser.ts'
import { codeTo } from '../../support/emails.ts'
import { PASSWORD } from '../../support/test-app.ts'
import { waitUntil } from '../../support/wait-until.ts'

await inBrowser(t, suite)

async function suite() {
  const { app, request, signUp, visit, verdict, calls, origin, mail } =
    await createBrowserTestApp(t)
  const ann = await signUp('user', 'ann')
  const { page, context, logIn, complaints } = await visit({ expects: [400, 401, 403] })
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin })
  await logIn('ann', '#/account')
  const section = (name: string) => page.getByRole('region', { name })

  t.test('the account passes axe in light and dark, and is whole at 360 pixels', async (t) => {
    await section('Sessions').getByText('this one').waitFor()
    t.strictSame(await complaints(), [])
    await page.setViewportSize({ width: 360, height: 740 })
    t.strictSame(await complaints(), [])
    t.equal(await page.evaluate('document.documentElement.scrollWidth'), 360)
    await page.setViewportSize({ width: 1200, height: 800 })
  })

  t.test('the profile is changed; only what differs is sent', async (t) => {
    await section('Profile').getByLabel('Name to show').fill('Ann Lee')
    const [sent] = await Promise.all([
      page.waitForRequest((request) => request.method() === 'PATCH'),
      page.getByRole('button', { name: 'Save the profile' }).click()
    ])
    t.strictSame(sent.postDataJSON(), { name: 'Ann Lee' })
    await page.getByText('The profile is saved.').waitFor()
    t.match((await ann.get('/api/v1/me')).json(), { name: 'Ann Lee', username: 'ann' })
  })

  t.test('an API key is shown once, can be copied, works, and is revoked', async (t) => {
    await page.getByRole('button', { name: 'Make a key' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Make the key' }).click()
    await dialog.getByText('Give it a name').waitFor()
    await dialog.getByLabel('What is it for?').fill('Nightly report')
    t.strictSame(await complaints(), [])
    await dialog.getByRole('button', { name: 'Make the key' }).click()
    const shown = page.getByLabel('The key', { exact: true })
    await shown.waitFor()
    const key = String(await shown.textContent())
    t.match(key, /^tl_[0-9A-Za-z]{46}$/)
    t.strictSame(await complaints(), [])
    await page.getByRole('button', { name: 'Copy' }).click()
    await page.getByText('Copied.').waitFor()
    t.equal(await page.evaluate('navigator.clipboard.readText()'), key)
    const status = async () =>
      (await app.inject({ url: '/api/v1/tasks', headers: { authorization: `Bearer ${key}` } }))
        .statusCode
    t.equal(await status(), 200)
    await page.getByRole('button', { name: 'I have kept it' }).click()
    await dialog.waitFor({ state: 'detached' })
    await section('API keys').getByText('Nightly report').waitFor()
    t.notMatch(await page.content(), new RegExp(key), 'nothing of it is left on the page')
    await page.getByRole('button', { name: 'Revoke Nightly report' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke it' }).click()
    await page.getByText('No API keys').waitFor()
    t.equal(await status(), 401)
  })

  t.test('an email is added with the password and counts once its code came back', async (t) => {
    await section('Email').getByLabel('New email').fill('ann@example.com')
    await section('Email').getByLabel('Your password').fill('not the password')
    await page.getByRole('button', { name: 'Change the email' }).click()
    await section('Email').getByText('Wrong password').waitFor()
    await section('Email').getByLabel('Your password').fill(PASSWORD)
    await page.getByRole('button', { name: 'Change the email' }).click()
    await page.getByLabel('Code from the letter').waitFor()
    t.equal(await page.getByLabel('Email', { exact: true }).inputValue(), 'ann@example.com')
    await waitUntil('the letter', async () => /^\d{8}$/.test(await codeTo(mail, 'ann@example.com')))
    await page.getByLabel('Code from the letter').fill(await codeTo(mail, 'ann@example.com'))
    await page.getByRole('button', { name: 'Confirm', exact: true }).click()
    await page.getByText('The address is confirmed.').waitFor()
    t.match((await ann.get('/api/v1/me')).json(), {
      email: 'ann@example.com',
      email_verified: true
    })
  })

  t.test('other sessions are listed and ended, this one stays', async (t) => {
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
    await page.getByText('The session has ended.').waitFor()
    t.equal(
      (
        await app.inject({
          url: '/api/v1/me',
          headers: { authorization: `Bearer ${elsewhere.access_token}` }
        })
      ).statusCode,
      401
    )
    await page.getByRole('button', { name: 'End all others' }).click()
    await page.getByText('You are logged in only here.').waitFor()
    await section('Sessions').getByText('1 session, that is all').waitFor()
    t.equal((await ann.get('/api/v1/me')).statusCode, 401)
  })

  t.test(
    'an access token that has run out is renewed once, however many calls wait for it',
    async (t) => {
      const other = await visit()
      await other.page.clock.install()
      await other.logIn('ann', '#/trash')
      await other.page.getByText('The trash is empty').waitFor()
      const before = calls.length
      await other.page.clock.fastForward('14:50')
      await other.page.evaluate('location.hash = "#/account"')
      await other.page.getByRole('region', { name: 'Sessions' }).getByText('this one').waitFor()
      await other.page.getByText('No API keys').waitFor()
      t.strictSame(
        calls
          .slice(before)
          .map(({ method, path, status }) => `${method} ${path.slice(8)} ${status}`)
          .sort(),
        ['GET auth/sessions 200', 'GET me/api-keys 200', 'POST auth/refresh 200']
      )
      await other.context.close()
    }
  )

  t.test('the password is changed with the current one', async (t) => {
    await page.getByLabel('Current password').fill('not the password')
    await page.getByLabel('New password', { exact: true }).fill('a staple that is correct')
    await page.getByLabel('New password, once more').fill('a staple that is correct')
    await page.getByRole('button', { name: 'Change the password' }).click()
    await section('Password').getByText('Wrong password').waitFor()
    await page.getByLabel('Current password').fill(PASSWORD)
    await page.getByRole('button', { name: 'Change the password' }).click()
    await page.getByText('The new password counts.').waitFor()
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
    'all tasks go into the trash at once, and the account for good, both after a question',
    async (t) => {
      await page.getByRole('button', { name: 'Put all my tasks into the trash' }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
      await page.getByRole('button', { name: 'Put all my tasks into the trash' }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Put all into the trash' }).click()
      await page.getByText('0 tasks are in the trash.').waitFor()
      await section('The way out').getByLabel('Your password').fill('a staple that is correct')
      await page.getByRole('button', { name: 'Delete my account' }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Delete it for good' }).click()
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

  t.test('no page broke its policy or complained, and every call is in the contract', async (t) => {
    const { faults, undocumented } = verdict()
    t.strictSame(faults, [])
    t.strictSame(undocumented, [])
  })
}
