import t from 'tap'
import { createBrowserTestApp, fillLogin, withoutBrowser } from '../../support/browser.ts'
import { codeTo } from '../../support/emails.ts'
import { PASSWORD } from '../../support/test-app.ts'
import { waitUntil } from '../../support/wait-until.ts'

t.test('accounts: registration, log-in and sessions', { skip: withoutBrowser }, async (t) => {
  const { signUp, visit, pageFindings, mail } = await createBrowserTestApp(t)

  t.test(
    'registration marks password rules as met while typing and sends nothing that breaks one',
    async (t) => {
      await signUp('user', 'taken')
      const { page, open, accessibilityViolations, context } = await visit({
        expectedStatuses: [409]
      })
      const sent: string[] = []
      page.on('request', (one) => one.url().endsWith('/register') && sent.push(one.url()))
      await open('#/register')
      const password = page.getByLabel('Password', { exact: true })
      const again = page.getByLabel('Repeat the password')
      await page.getByLabel('Username').fill('taken')
      await password.fill('short')
      const rule = (text: string) => page.locator('.rules li', { hasText: text })
      t.match(await rule('At least 8').textContent(), /not met\)$/)
      await password.fill(PASSWORD)
      t.match(await rule('At least 8').textContent(), /\(met\)$/)
      await again.fill(`${PASSWORD}!`)
      await page.getByRole('button', { name: 'Create account' }).click()
      await page.getByText('The passwords do not match.').waitFor()
      t.strictSame(sent, [])
      t.strictSame(await accessibilityViolations(), [])
      await again.fill(PASSWORD)
      t.match(await rule('Repeated correctly').textContent(), /\(met\)$/)
      await page.getByRole('button', { name: 'Create account' }).click()
      await page.getByText('An account with this').waitFor()
      t.equal(sent.length, 1)
      t.equal(await page.getByLabel('Username').getAttribute('aria-invalid'), 'true')
      t.match(await page.locator('.request-id').textContent(), /Request ID \S{36}$/)
      await page.getByLabel('Username').fill('carol')
      await page.getByRole('button', { name: 'Create account' }).click()
      await page.getByRole('heading', { name: 'Tasks', exact: true }).waitFor()
      await page.getByRole('navigation', { name: 'Main' }).getByText('carol').waitFor()
      await context.close()
    }
  )

  t.test('an email is confirmed with the code that was sent there', async (t) => {
    const { page, open, accessibilityViolations, context } = await visit({
      expectedStatuses: [400]
    })
    await open('#/register')
    await page.getByLabel('Email').fill('dora@example.com')
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
    await page.getByLabel('Repeat the password').fill(PASSWORD)
    await page.getByRole('button', { name: 'Create account' }).click()
    await page.getByLabel('Code from the email').fill('00000000')
    t.strictSame(await accessibilityViolations(), [])
    await page.getByRole('button', { name: 'Confirm', exact: true }).click()
    await page.getByText('The code is wrong').waitFor()
    await page.getByLabel('Code from the email').fill(await codeTo(mail, 'dora@example.com'))
    await page.getByRole('button', { name: 'Confirm', exact: true }).click()
    await page.getByText('Email confirmed.').waitFor()
    await page.getByRole('heading', { name: 'Tasks', exact: true }).waitFor()
    await context.close()
  })

  t.test(
    'a wrong password is explained, the right one leads to the requested page, and no script sees a token',
    async (t) => {
      const ann = await signUp('user', 'ann')
      const { page, open, accessibilityViolations, context } = await visit({
        expectedStatuses: [401]
      })
      await open('#/trash')
      t.strictSame(await accessibilityViolations(), [])
      await fillLogin(page, 'ann', 'not the password')
      await page.getByText('Wrong username or password').waitFor()
      await page.locator('.request-id').waitFor()
      await fillLogin(page, 'ann')
      await page.getByRole('heading', { name: 'Trash' }).waitFor()
      const stored = await page.evaluate(
        '[{ ...localStorage }, { ...sessionStorage }, document.cookie]'
      )
      const whose = { 'session-of /api/v1': ann.user.id, 'signed-in /api/v1': 'yes' }
      t.strictSame(stored, [whose, {}, ''], 'whose it is, no more')
      t.match(await context.cookies(), [
        {
          name: 'tasklane-session',
          path: '/app/session',
          httpOnly: true,
          secure: false,
          sameSite: 'Strict'
        }
      ])
      await page.getByRole('button', { name: 'Log out' }).click()
      await page.getByRole('heading', { name: 'Log in' }).waitFor()
      t.strictSame(await context.cookies(), [])
      await page.goBack().catch(() => {})
      t.equal(await page.locator('.shell').count(), 0, 'nothing is left to go back to')
      await context.close()
    }
  )

  t.test('a forgotten password can be reset with a code', async (t) => {
    await signUp('user', 'ed', { email: 'ed@example.com' })
    const { page, open, accessibilityViolations, context } = await visit()
    await open()
    await page.getByRole('link', { name: 'Forgot your password?' }).click()
    await page.getByLabel('Email').fill('ed@example.com')
    t.strictSame(await accessibilityViolations(), [])
    await page.getByRole('button', { name: 'Send code' }).click()
    const code = page.getByLabel('Code from the email')
    await code.waitFor()
    // The email is sent right after the response.
    await waitUntil(
      'the email',
      async () =>
        /^\d{8}$/.test(await codeTo(mail, 'ed@example.com')) &&
        mail
          .sentMessages()
          .some(({ to, subject }) => to === 'ed@example.com' && /password/i.test(subject))
    )
    await code.fill(await codeTo(mail, 'ed@example.com'))
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByLabel('New password', { exact: true }).fill('a staple that is correct')
    await page.getByLabel('Repeat the new password').fill('a staple that is correct')
    await page.getByRole('button', { name: 'Change password' }).click()
    await page.getByText('Password changed.').waitFor()
    await fillLogin(page, 'ed', 'a staple that is correct')
    await page.getByRole('heading', { name: 'Tasks', exact: true }).waitFor()
    await context.close()
  })

  t.test(
    'an expired session asks for a log-in in a dialog and then sends what was typed',
    async (t) => {
      const other = await signUp('user', 'fay')
      const task = await other.create({ title: 'Write a long text' })
      const { page, logIn, accessibilityViolations, context } = await visit({
        expectedStatuses: [401]
      })
      await logIn('fay')
      await page
        .locator('.task', { hasText: 'Write a long text' })
        .getByRole('button', { name: /^Edit / })
        .click()
      await page.getByLabel('Description', { exact: true }).fill('A text that took me an hour')
      // What the page still loads would ask for the log-in before the change does.
      await page.waitForLoadState('networkidle')
      t.equal(
        (await other.send({ method: 'DELETE', url: '/api/v1/auth/sessions' })).statusCode,
        204
      )
      await page.getByRole('button', { name: 'Save', exact: true }).click()
      const dialog = page.getByRole('dialog', { name: 'Log in to continue' })
      await dialog.waitFor()
      t.strictSame(await accessibilityViolations(), [])
      t.equal(await dialog.getByLabel('Username or email').inputValue(), 'fay')
      await dialog.getByLabel('Password').fill('not the password')
      await page.keyboard.press('Enter')
      await dialog.getByText('Wrong username or password').waitFor()
      await dialog.getByLabel('Password').fill(PASSWORD)
      await page.keyboard.press('Enter')
      await page.locator('.task', { hasText: 'A text that took me an hour' }).waitFor()
      t.match((await other.read(task)).json(), {
        description: 'A text that took me an hour',
        version: 2
      })
      await context.close()
    }
  )

  t.test('input of one user is never sent in the name of another', async (t) => {
    const gil = await signUp('user', 'gil')
    const hal = await signUp('user', 'hal')
    const { page, logIn, context } = await visit({ expectedStatuses: [401] })
    await logIn('gil')
    await page.getByLabel('Title of a new task').fill('A secret of Gil')
    await gil.send({ method: 'DELETE', url: '/api/v1/auth/sessions' })
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog', { name: 'Log in to continue' })
    await dialog.getByLabel('Username or email').fill('hal')
    await dialog.getByLabel('Password').fill(PASSWORD)
    await page.keyboard.press('Enter')
    await page.getByRole('navigation', { name: 'Main' }).getByText('hal').waitFor()
    await page.getByText('You have no open tasks').waitFor()
    t.equal((await hal.get('/api/v1/tasks')).json().data.length, 0)
    await context.close()
  })

  t.test(
    'logging out instead of logging in again leaves nothing of the previous page',
    async (t) => {
      const ida = await signUp('user', 'ida')
      await ida.create({ title: 'A secret of Ida' })
      const { page, logIn, context } = await visit({ expectedStatuses: [401] })
      await logIn('ida')
      await page.getByRole('checkbox', { name: 'Done: A secret of Ida' }).waitFor()
      await ida.send({ method: 'DELETE', url: '/api/v1/auth/sessions' })
      await page.getByRole('checkbox', { name: 'Done: A secret of Ida' }).click()
      await page
        .getByRole('dialog', { name: 'Log in to continue' })
        .getByRole('button', { name: 'Log out' })
        .click()
      await page.getByRole('heading', { name: 'Log in', exact: true }).waitFor()
      await page.getByRole('dialog').waitFor({ state: 'detached' })
      t.notMatch(await page.content(), /secret of Ida/)
      await context.close()
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
