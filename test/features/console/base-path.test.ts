import type { AddressInfo } from 'node:net'
import t from 'tap'
import { createBrowserTestApp, fillLogin, withoutBrowser } from '../../support/browser.ts'
import { startReverseProxy } from '../../support/reverse-proxy.ts'

for (const how of ['strips', 'keeps'] as const) {
  t.test(
    `console and documentation work behind a proxy that ${how} the path of PUBLIC_URL`,
    { skip: withoutBrowser },
    async (t) => {
      const site = await startReverseProxy(t, '/office/tasks', how)
      const { app, signUp, visit, pageFindings } = await createBrowserTestApp(t, {
        env: { PUBLIC_URL: site.url, DOCS_ENABLED: 'on' }
      })
      site.forwardTo((app.server.address() as AddressInfo).port)
      const ann = await signUp('user', 'ann')
      await ann.create({ title: 'Paint the door' })
      const { page } = await visit()
      const requested: string[] = []
      page.on('request', (request) => requested.push(request.url()))

      await page.goto(`${site.url}/app`)
      t.equal(page.url(), `${site.url}/app/`)
      await fillLogin(page, 'ann')
      await page.getByText('Paint the door').waitFor()
      await page.reload()
      await page.getByText('Paint the door').waitFor()

      for (const docs of ['/docs', '/docs/']) {
        await page.goto(site.url + docs)
        await page.locator('#operations-Tasks-listTasks').waitFor()
        const servers = page.locator('.servers select option')
        t.strictSame(await servers.allTextContents(), ['/office/tasks - Your installation'], docs)
      }
      t.strictSame(
        requested.filter((url) => !url.startsWith(site.url) && !/^(data|blob):/.test(url)),
        [],
        'nothing is asked of the site around it'
      )
      t.strictSame(pageFindings().errors, [])
    }
  )
}
