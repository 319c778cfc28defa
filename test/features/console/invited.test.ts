import t from 'tap'
import { createBrowserTestApp, fillLogin, withoutBrowser } from '../../support/browser.ts'
import { emailsTo } from '../../support/emails.ts'
import { tokenIn } from '../../support/links.ts'
import { PASSWORD } from '../../support/test-app.ts'

const NEXT = 'another long passphrase'

t.test('a team moves in: invitations and accounts', { skip: withoutBrowser }, async (t) => {
  const { signUp, visit, pageFindings, mail, request } = await createBrowserTestApp(t)
  await signUp('admin', 'root')
  const { page, logIn, accessibilityViolations } = await visit({ expectedStatuses: [409] })
  await logIn('root', '#/users')
  const dialog = page.getByRole('dialog')
  const row = (text: string) => page.locator('.row', { hasText: text })

  t.test('an admin invites somebody, who creates an account with the link', async (t) => {
    await page.getByText('No open invitations').waitFor()
    await page.getByRole('button', { name: 'Invite' }).click()
    await dialog.getByRole('button', { name: 'Send invitation' }).click()
    await dialog.getByText('Enter an email.').waitFor()
    await dialog.getByLabel('Email').fill('ann@example.com')
    await dialog.getByLabel('Role').selectOption('Manager')
    t.strictSame(await accessibilityViolations(), [])
    await dialog.getByRole('button', { name: 'Send invitation' }).click()
    await row('ann@example.com').getByText('As manager').waitFor()
    t.strictSame(await accessibilityViolations(), [])

    const guest = await visit()
    const token = tokenIn((await emailsTo(mail, 'ann@example.com'))[0])
    await guest.open(`#/register?invitation_token=${token}`)
    await guest.page.getByText('You are invited.').waitFor()
    t.notMatch(guest.page.url(), token)
    t.strictSame(await guest.accessibilityViolations(), [])
    await guest.page.getByLabel('Email').fill('ann@example.com')
    await guest.page.getByLabel('Password', { exact: true }).fill(PASSWORD)
    await guest.page.getByLabel('Repeat the password').fill(PASSWORD)
    await guest.page.getByRole('button', { name: 'Create account' }).click()
    await guest.page.getByRole('link', { name: 'All users’ tasks' }).waitFor()
    await guest.context.close()
  })

  t.test('an invitation can be withdrawn', async () => {
    await page.getByRole('button', { name: 'Invite' }).click()
    await dialog.getByLabel('Email').fill('bob@example.com')
    await dialog.getByRole('button', { name: 'Send invitation' }).click()
    await page.getByRole('button', { name: 'Withdraw the invitation of bob@example.com' }).click()
    await dialog.getByRole('button', { name: 'Withdraw' }).click()
    await page.getByText('bob@example.com is no longer invited.').waitFor()
    await row('As user').waitFor({ state: 'detached' })
  })

  t.test('a new user without email gets a link to choose a password', async (t) => {
    await page.getByRole('button', { name: 'New user' }).click()
    await dialog.getByRole('button', { name: 'Create user' }).click()
    await dialog.getByText('Enter a username, an email, or both.').waitFor()
    await dialog.getByLabel('Username').fill('ROOT')
    await dialog.getByRole('button', { name: 'Create user' }).click()
    await dialog.getByText('already exists').waitFor()
    await dialog.getByLabel('Username').fill('cid')
    t.strictSame(await accessibilityViolations(), [])
    await dialog.getByRole('button', { name: 'Create user' }).click()
    const link = await dialog.getByLabel('Link', { exact: true }).inputValue()
    await dialog.getByRole('button', { name: 'Done' }).click()
    await row('cid').first().waitFor()

    const guest = await visit({ expectedStatuses: [400] })
    const choose = async (password: string) => {
      await guest.page.getByLabel('New password', { exact: true }).fill(password)
      await guest.page.getByLabel('Repeat the new password').fill(password)
      await guest.page.getByRole('button', { name: 'Save password' }).click()
    }
    const { hash } = new URL(link)
    await guest.open(hash)
    await choose(NEXT)
    await guest.page.getByText('Password saved.').waitFor()
    await fillLogin(guest.page, 'cid', NEXT)
    await guest.page.getByRole('heading', { name: 'Tasks', exact: true }).waitFor()
    await guest.page.evaluate(`location.hash = ${JSON.stringify(hash)}`)
    t.strictSame(await guest.accessibilityViolations(), [])
    await choose(PASSWORD)
    await guest.page.getByText('The token is used or expired').waitFor()
    await guest.context.close()

    await page.getByRole('button', { name: 'Password link for cid' }).click()
    await dialog.getByRole('button', { name: 'Create link' }).click()
    const reset = await dialog.getByLabel('Link', { exact: true }).inputValue()
    await dialog.getByRole('button', { name: 'Done' }).click()
    const payload = { reset_token: tokenIn(reset), new_password: PASSWORD }
    const url = '/api/v1/auth/reset-password'
    t.equal((await request({ method: 'POST', url, payload })).statusCode, 204)
  })

  t.test('no page logged an error or made an undocumented call', async (t) => {
    t.strictSame(pageFindings(), { errors: [], undocumentedCalls: [] })
  })
})

t.test('strangers are told how to get in', { skip: withoutBrowser }, async (t) => {
  const { visit, pageFindings } = await createBrowserTestApp(t, { env: { REGISTRATION: 'invite' } })
  const { page, open } = await visit()
  await open('#/login')
  await page.getByRole('button', { name: 'Log in' }).waitFor()
  t.equal(await page.getByRole('link', { name: 'Create account' }).count(), 0)
  await open('#/register')
  await page.getByText('New accounts need an invitation.').waitFor()
  t.strictSame(pageFindings(), { errors: [], undocumentedCalls: [] })
})
