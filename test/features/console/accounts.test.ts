import t from 'tap'
import { createBrowserTestApp, fillLogin, inBrowser } from '../../support/browser.ts'
import { codeTo } from '../../support/emails.ts'
import { PASSWORD } from '../../support/test-app.ts'
import { waitUntil } from '../../support/wait-until.ts'

await inBrowser(t, suite)

async function suite() {
  const { signUp, visit, verdict, calls, mail } = await createBrowserTestApp(t)

  t.test(
    'an account is made while the rules tick themselves off; what breaks one is not even sent',
    async (t) => {
      await signUp('user', 'taken')
      const { page, open, complaints, context } = await visit({ expects: [409] })
      await open('#/register')
      const password = page.getByLabel('Password', { exact: true })
      const again = page.getByLabel('Password, once more')
      await page.getByLabel('Username').fill('taken')
      await password.fill('short')
      const rule = (text: string) => page.locator('.rules li', { hasText: text })
      t.match(await rule('At least 8').textContent(), /not yet$/)
      await password.fill(PASSWORD)
      t.match(await rule('At least 8').textContent(), /yes$/)
      await again.fill(`${PASSWORD}!`)
      await page.getByRole('button', { name: 'Make the account' }).click()
      await page.getByText('This is not the same as above.').waitFor()
      t.equal(
        calls.filter(({ path, status }) => path.endsWith('/register') && status !== 201).length,
        0
      )
      t.strictSame(await complaints(), [])
      await again.fill(PASSWORD)
      t.match(await rule('The same twice').textContent(), /yes$/)
      await page.getByRole('button', { name: 'Make the account' }).click()
      await page.getByText('An account with this').waitFor()
      t.equal(await page.getByLabel('Username').getAttribute('aria-invalid'), 'true')
      t.match(await page.locator('.request-id').textContent(), /Request id \S{36}$/)
      await page.getByLabel('Username').fill('carol')
      await page.getByRole('button', { name: 'Make the account' }).click()
      await page.getByRole('heading', { name: 'Tasks' }).waitFor()
      await page.getByRole('navigation', { name: 'Main' }).getByText('carol').waitFor()
      await context.close()
    }
  )

  t.test('an address is confirmed by the code that went there', async (t) => {
    const { page, open, complaints, context } = await visit({ expects: [400] })
    await open('#/register')
    await page.getByLabel('Email').fill('dora@example.com')
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
    await page.getByLabel('Password, once more').fill(PASSWORD)
    await page.getByRole('button', { name: 'Make the account' }).click()
    await page.getByLabel('Code from the letter').fill('00000000')
    t.strictSame(await complaints(), [])
    await page.getByRole('button', { name: 'Confirm', exact: true }).click()
    await page.getByText('The code is wrong').waitFor()
    await page.getByLabel('Code from the letter').fill(await codeTo(mail, 'dora@example.com'))
    await page.getByRole('button', { name: 'Confirm', exact: true }).click()
    await page.getByText('The address is confirmed.').waitFor()
    await page.getByRole('heading', { name: 'Tasks' }).waitFor()
    await context.close()
  })

  t.test(
    'a wrong password is answered in words, a right one leads where one wanted to go, and no token is stored anywhere',
    async (t) => {
      await signUp('user', 'ann')
      const { page, open, complaints, context } = await visit({ expects: [401] })
      await open('#/trash')
      t.strictSame(await complaints(), [])
      await fillLogin(page, 'ann', 'not the password')
      await page.getByText('The credentials are not valid').waitFor()
      await page.locator('.request-id').waitFor()
      await fillLogin(page, 'ann')
      await page.getByRole('heading', { name: 'Trash' }).waitFor()
      const stored = await page.evaluate(
        'JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])'
      )
      t.equal(stored, '[{},{},""]')
      t.equal((await context.cookies()).length, 0)
      await page.getByRole('button', { name: 'Log out' }).click()
      await page.getByRole('heading', { name: 'Log in' }).waitFor()
      t.match(calls.at(-1), { method: 'POST', path: '/api/v1/auth/logout', status: 204 })
      await page.goBack().catch(() => {})
      t.equal(await page.locator('.shell').count(), 0, 'nothing is left to go back to')
      await context.close()
    }
  )

  t.test('a forgotten password is replaced by means of the code', async (t) => {
    await signUp('user', 'ed', { email: 'ed@example.com' })
    const { page, open, complaints, context } = await visit()
    await open()
    await page.getByRole('link', { name: 'Forgot your password?' }).click()
    await page.getByLabel('Email').fill('ed@example.com')
    t.strictSame(await complaints(), [])
    await page.getByRole('button', { name: 'Send a code' }).click()
    const code = page.getByLabel('Code from the letter')
    await code.waitFor()
    // The letter leaves right after the answer.
    await waitUntil(
      'the letter',
      async () =>
        /^\d{8}$/.test(await codeTo(mail, 'ed@example.com')) &&
        mail
          .sentMessages()
          .some(({ to, subject }) => to === 'ed@example.com' && /password/i.test(subject))
    )
    await code.fill(await codeTo(mail, 'ed@example.com'))
    await page.getByRole('button', { name: 'Check the code' }).click()
    await page.getByLabel('New password', { exact: true }).fill('a staple that is correct')
    await page.getByLabel('New password, once more').fill('a staple that is correct')
    await page.getByRole('button', { name: 'Set the password' }).click()
    await page.getByText('The new password counts.').waitFor()
    await fillLogin(page, 'ed', 'a staple that is correct')
    await page.getByRole('heading', { name: 'Tasks' }).waitFor()
    await context.close()
  })

  t.test(
    'a session that ends is taken up by a log-in over the page, and what was typed is sent then',
    async (t) => {
      const other = await signUp('user', 'fay')
      const task = await other.create({ title: 'Write a long text' })
      const { page, logIn, complaints, context } = await visit({ expects: [401] })
      await logIn('fay')
      await page.locator('button.task-title', { hasText: 'Write a long text' }).click()
      await page.getByLabel('Description', { exact: true }).fill('A text that took me an hour')
      t.equal(
        (await other.send({ method: 'DELETE', url: '/api/v1/auth/sessions' })).statusCode,
        204
      )
      await page.getByRole('button', { name: 'Save', exact: true }).click()
      const dialog = page.getByRole('dialog', { name: 'Log in to go on' })
      await dialog.waitFor()
      t.strictSame(await complaints(), [])
      t.equal(await dialog.getByLabel('Username or email').inputValue(), 'fay')
      await dialog.getByLabel('Password').fill('not the password')
      await page.keyboard.press('Enter')
      await dialog.getByText('The credentials are not valid').waitFor()
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

  t.test('what one person typed is never sent in the name of another', async (t) => {
    const gil = await signUp('user', 'gil')
    const hal = await signUp('user', 'hal')
    const { page, logIn, context } = await visit({ expects: [401] })
    await logIn('gil')
    await page.getByLabel('Title of a new task').fill('A secret of Gil')
    await gil.send({ method: 'DELETE', url: '/api/v1/auth/sessions' })
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog', { name: 'Log in to go on' })
    await dialog.getByLabel('Username or email').fill('hal')
    await dialog.getByLabel('Password').fill(PASSWORD)
    await page.keyboard.press('Enter')
    await page.getByRole('navigation', { name: 'Main' }).getByText('hal').waitFor()
    await page.getByText('There is no open task').waitFor()
    t.equal((await hal.get('/api/v1/tasks')).json().data.length, 0)
    await context.close()
  })

  t.test(
    'whoever would rather leave than log in again sees the log-in and nothing of the page before',
    async (t) => {
      const ida = await signUp('user', 'ida')
      await ida.create({ title: 'A secret of Ida' })
      const { page, logIn, context } = await visit({ expects: [401] })
      await logIn('ida')
      await page.getByRole('checkbox', { name: 'Done: A secret of Ida' }).waitFor()
      await ida.send({ method: 'DELETE', url: '/api/v1/auth/sessions' })
      await page.getByRole('checkbox', { name: 'Done: A secret of Ida' }).click()
      await page
        .getByRole('dialog', { name: 'Log in to go on' })
        .getByRole('button', { name: 'Log out' })
        .click()
      await page.getByRole('heading', { name: 'Log in', exact: true }).waitFor()
      await page.getByRole('dialog').waitFor({ state: 'detached' })
      t.notMatch(await page.content(), /secret of Ida/)
      await context.close()
    }
  )

  t.test('no page broke its policy or complained, and every call is in the contract', async (t) => {
    const { faults, undocumented } = verdict()
    t.strictSame(faults, [])
    t.strictSame(undocumented, [])
  })
}
