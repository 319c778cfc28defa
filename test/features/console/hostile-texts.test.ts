import t from 'tap'
import { createBrowserTestApp, withoutBrowser } from '../../support/browser.ts'

/** As long as a description may be. */
const MAX = 10_000
const upToMax = (text: string) => text.slice(0, MAX).trimEnd()
const HOSTILE = {
  'a table that is as wide as it is long': upToMax(
    `${'a|'.repeat(1500)}\n${'-|'.repeat(1500)}\n${'a\n'.repeat(2000)}`
  ),
  'quotes in quotes': '> '.repeat(900),
  'lists in lists': `${'- '.repeat(600)}x`,
  'quotes in lists': '>- '.repeat(300)
}

t.test('texts that are written to do harm', { skip: withoutBrowser }, async (t) => {
  const { signUp, visit, pageFindings } = await createBrowserTestApp(t)
  const ann = await signUp('user', 'ann')
  const { page, logIn } = await visit()
  await logIn('ann')
  const description = page.getByRole('region', { name: 'Description', exact: true })

  for (const [what, text] of Object.entries(HOSTILE)) {
    t.test(`${what} stay as they were written, and the page goes on`, async (t) => {
      const task = await ann.create({ title: what, description: text })
      await page.evaluate(`location.hash = '#/tasks/${task.id}'`)
      await page.getByRole('heading', { name: what }).waitFor()
      await page.getByLabel('New comment').fill('**over**')
      await page.getByRole('button', { name: 'Comment', exact: true }).click()
      await page.locator('.markdown strong', { hasText: 'over' }).waitFor()
      t.equal(await description.locator('.markdown-plain').textContent(), text)
    })
  }

  t.test('a table and a list of usual sizes are rendered', async (t) => {
    const table = `${'a|'.repeat(10)}\n${'-|'.repeat(10)}\n${`${'b|'.repeat(10)}\n`.repeat(200)}`
    const list = Array.from({ length: 8 }, (_, i) => `${'  '.repeat(i)}- ${i}`).join('\n')
    const task = await ann.create({ title: 'Usual', description: `${table}\n\n${list}` })
    await page.evaluate(`location.hash = '#/tasks/${task.id}'`)
    await page.getByRole('heading', { name: 'Usual' }).waitFor()
    await description.locator('table').waitFor()
    t.equal(await description.locator('td').count(), 2000)
    t.equal(await description.locator('li li li li li li li li').count(), 1)
  })

  t.test('no page reports an error or violates its policy', async (t) => {
    t.strictSame(pageFindings().errors, [])
  })
})
