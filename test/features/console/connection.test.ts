import t from 'tap'
import { createBrowserTestApp, withoutBrowser } from '../../support/browser.ts'

t.test('lost connections and busy servers', { skip: withoutBrowser }, async (t) => {
  const { signUp, visit, pageFindings } = await createBrowserTestApp(t)
  const ann = await signUp('user', 'ann')
  const TASKS = /\/api\/v1\/tasks$/
  const busy = (seconds: number) => ({
    status: 503,
    headers: { 'retry-after': String(seconds), 'content-type': 'application/problem+json' },
    body: JSON.stringify({
      type: 'https://tasklane.example/problems/unavailable',
      title: 'Service unavailable',
      status: 503,
      detail: 'Busy.',
      instance: '/',
      code: 'unavailable',
      request_id: 'r'
    })
  })
  const titles = async () =>
    (await ann.get('/api/v1/tasks')).json().data.map(({ title }: { title: string }) => title)

  t.test(
    'being offline is shown, and pending changes are sent when the network is back',
    async (t) => {
      const { page, context, logIn, accessibilityViolations } = await visit({
        allowNetworkErrors: true
      })
      await logIn('ann')
      await page.getByText('You have no open tasks').waitFor()
      await context.setOffline(true)
      await page.getByLabel('Title of a new task').fill('Written on the train')
      await page.keyboard.press('Enter')
      await page.getByText('You are offline.').waitFor()
      await page.locator('.task-draft', { hasText: 'Saving…' }).waitFor()
      t.strictSame(await accessibilityViolations(), [])
      t.strictSame(await titles(), [], 'nothing pretends to be saved')
      await context.setOffline(false)
      await page.locator('a.task-title', { hasText: 'Written on the train' }).waitFor()
      await page.getByText('You are offline.').waitFor({ state: 'detached' })
      t.strictSame(await titles(), ['Written on the train'])
      await context.close()
    }
  )

  t.test(
    'a creation whose response was lost is retried under its idempotency key and happens once',
    async (t) => {
      const { page, context, logIn } = await visit({ allowNetworkErrors: true })
      await logIn('ann')
      const keys: (string | undefined)[] = []
      await page.route(TASKS, async (route) => {
        if (route.request().method() !== 'POST') {
          return route.continue()
        }
        keys.push(route.request().headers()['idempotency-key'])
        if (keys.length > 1) {
          return route.continue()
        }
        await route.fetch()
        return route.abort('connectionreset')
      })
      await page.getByLabel('Title of a new task').fill('Only once')
      await page.keyboard.press('Enter')
      await page.getByText('Tasklane does not respond.').waitFor()
      await page.getByRole('button', { name: 'Try now' }).click()
      await page.locator('a.task-title', { hasText: 'Only once' }).waitFor()
      t.equal(keys.length, 2)
      t.equal(keys[0], keys[1])
      t.strictSame(
        (await titles()).filter((title: string) => title === 'Only once'),
        ['Only once']
      )
      await context.close()
    }
  )

  t.test(
    'a change whose response was lost is retried and does not conflict with itself',
    async (t) => {
      const task = await ann.create({ title: 'Change me once' })
      const { page, context, logIn } = await visit({
        allowNetworkErrors: true,
        expectedStatuses: [412]
      })
      await logIn('ann')
      let lost = 0
      await page.route(new RegExp(`/tasks/${task.id}$`), async (route) => {
        if (route.request().method() !== 'PATCH' || lost++ > 0) {
          return route.continue()
        }
        await route.fetch()
        return route.abort('connectionreset')
      })
      await page.getByRole('checkbox', { name: 'Done: Change me once' }).click()
      await page.getByRole('button', { name: 'Try now' }).click()
      await page.locator('.task-done:not([aria-busy])', { hasText: 'Change me once' }).waitFor()
      t.equal(await page.getByRole('dialog').count(), 0)
      t.match((await ann.read(task)).json(), { status: 'done', version: 2 })
      await context.close()
    }
  )

  t.test('an unavailable server is reported and retried after the time it asked for', async (t) => {
    const { page, context, logIn } = await visit({ expectedStatuses: [503] })
    let refused = 0
    await page.route(/\/api\/v1\/tasks\?/, (route) =>
      refused++ === 0 ? route.fulfill(busy(20)) : route.continue()
    )
    await logIn('ann')
    await page.getByText('Tasklane is temporarily unavailable (503)').waitFor()
    await page.getByText(/Trying again in (20|19|18|17) s\./).waitFor()
    t.equal(await page.getByText('You are offline.').count(), 0)
    await page.getByRole('button', { name: 'Try now' }).click()
    await page.locator('a.task-title', { hasText: 'Only once' }).waitFor()
    t.equal(refused, 2)
    await context.close()
  })

  t.test('a rejected change is reverted and reported with its request id', async (t) => {
    const { page, context, logIn } = await visit({ expectedStatuses: [403] })
    await logIn('ann')
    await page.route(/\/tasks\/[^/]+$/, (route) =>
      route.request().method() === 'DELETE'
        ? route.fulfill({
            ...busy(1),
            status: 403,
            body: JSON.stringify({
              title: 'Your role does not allow this',
              status: 403,
              detail: 'No.',
              code: 'not_allowed',
              request_id: 'refused-1'
            })
          })
        : route.continue()
    )
    await page.getByRole('button', { name: 'Delete Only once' }).click()
    await page.getByText('“Only once” could not be deleted.').waitFor()
    await page.locator('.toast code', { hasText: 'refused-1' }).waitFor()
    await page.locator('a.task-title', { hasText: 'Only once' }).waitFor()
    t.ok((await titles()).includes('Only once'))
    await context.close()
  })

  t.test(
    'no page reports an error or violates its policy, and all calls are in the contract',
    async (t) => {
      const { errors, undocumentedCalls } = pageFindings()
      t.strictSame(errors, [])
      t.strictSame(undocumentedCalls, [])
    }
  )

  t.test(
    'the checks of these tests detect policy violations, errors, unknown calls and low contrast',
    async (t) => {
      const { page, context, open, accessibilityViolations } = await visit()
      await open()
      await page.getByRole('heading', { name: 'Log in' }).waitFor()
      await page.evaluate(
        "document.documentElement.style.setProperty('--muted', 'light-dark(#555555, #333333)')"
      )
      t.match(await accessibilityViolations(), [/^dark: serious color-contrast/])
      await page.evaluate(
        "document.documentElement.style.setProperty('--muted', 'light-dark(#bbbbbb, #cccccc)')"
      )
      t.match(await accessibilityViolations(), [/^serious color-contrast/])
      await page.evaluate('document.body.setAttribute("style", "color: red")')
      await page.evaluate('try { document.body.innerHTML = "<p>x" } catch {}')
      await page.evaluate('setTimeout(() => { throw new Error("planted") })')
      await page.evaluate('fetch("/api/v1/nowhere").then(() => {})')
      const { errors, undocumentedCalls } = pageFindings()
      for (const planted of [/Applying inline style/, /TrustedHTML/, /planted/, /404/]) {
        t.ok(
          errors.some((error) => planted.test(error)),
          String(planted)
        )
      }
      t.match(undocumentedCalls, [{ path: '/api/v1/nowhere' }])
      await context.close()
    }
  )
})
