import t from 'tap'
import { createBrowserTestApp, type Visitor, withoutBrowser } from '../../support/browser.ts'
import { imported, worker } from '../../support/imports.ts'

const ZONES = ['America/Los_Angeles', 'Europe/Berlin', 'Asia/Tokyo', 'Pacific/Kiritimati']
/** When the days of these zones are two different ones. */
const NOW = '2026-12-31T12:00:00Z'

t.test('days of tasks, wherever the person is', { skip: withoutBrowser }, async (t) => {
  const { signUp, visit, pageFindings, db, config } = await createBrowserTestApp(t)
  worker(t, { db, config })
  const ann = await signUp('user', 'ann')
  const due = ({ page }: Visitor, title: string) =>
    page.locator('.task').filter({ hasText: title }).locator('time.due')
  const visitIn = async (timezoneId: string, hash = '') => {
    const visitor = await visit({ timezoneId })
    await visitor.page.clock.setFixedTime(NOW)
    await visitor.logIn('ann', hash)
    return visitor
  }

  t.test('a date of a file is shown as that very day in every zone', async (t) => {
    await imported(ann, 'title,due_date\nfile,2028-03-05\nnew year,2027-01-01\neve,2026-12-31\n')
    const near: Record<string, [string, string]> = {
      'America/Los_Angeles': ['Due Tomorrow', 'Due Today'],
      'Europe/Berlin': ['Due Tomorrow', 'Due Today'],
      'Asia/Tokyo': ['Due Tomorrow', 'Due Today'],
      'Pacific/Kiritimati': ['Due Today', 'Overdue: Yesterday']
    }
    for (const zone of ZONES) {
      const visitor = await visitIn(zone)
      t.equal(await due(visitor, 'file').textContent(), 'Due 5 Mar 2028', zone)
      t.equal(await due(visitor, 'file').getAttribute('title'), '5 Mar 2028')
      t.equal(await due(visitor, 'file').getAttribute('datetime'), '2028-03-05')
      t.strictSame(
        [await due(visitor, 'new year').textContent(), await due(visitor, 'eve').textContent()],
        near[zone],
        zone
      )
      await visitor.page.getByRole('button', { name: 'Edit file' }).click()
      const shown = ['Due', 'Time'].map((label) =>
        visitor.page.getByLabel(label, { exact: true }).last().inputValue()
      )
      t.strictSame(await Promise.all(shown), ['2028-03-05', ''], zone)
      await visitor.context.close()
    }
  })

  t.test('a date without a time makes an all-day task, and a time ends it', async (t) => {
    for (const zone of ZONES) {
      const title = `made in ${zone}`
      const visitor = await visitIn(zone)
      const { page } = visitor
      await page.getByLabel('Title of a new task').fill(title)
      await page.getByRole('button', { name: 'Details…' }).click()
      const dialog = page.getByRole('dialog')
      await dialog.getByLabel('Due', { exact: true }).fill('2028-03-05')
      await dialog.getByRole('button', { name: 'Add task' }).click()
      await due(visitor, title).waitFor()
      t.equal(await due(visitor, title).textContent(), 'Due 5 Mar 2028')
      const find = async () =>
        (await ann.get(`/api/v1/tasks?sort=created_at_desc&limit=1`)).json().data[0]
      const end = { due_date: '2028-03-05T23:59:59.999Z', all_day: true }
      t.match(await find(), { title, version: 1, ...end })

      await page.getByRole('button', { name: `Edit ${title}` }).click()
      await page.getByLabel('Description', { exact: true }).last().fill('Not about the day')
      await page.getByRole('button', { name: 'Save' }).click()
      await page.getByText('Not about the day').waitFor()
      t.match(await find(), { version: 2, ...end }, 'still all day')

      await page.getByRole('button', { name: `Edit ${title}` }).click()
      await page.getByLabel('Time', { exact: true }).last().fill('09:30')
      await page.getByRole('button', { name: 'Save' }).click()
      await page.getByText('Task saved.').last().waitFor()
      await page.getByRole('button', { name: `Edit ${title}` }).waitFor()
      const { all_day, due_date } = await find()
      const clock = new Intl.DateTimeFormat('sv-SE', {
        timeZone: zone,
        dateStyle: 'short',
        timeStyle: 'short'
      })
      t.strictSame([all_day, clock.format(new Date(due_date))], [false, '2028-03-05 09:30'])
      await ann.remove(await find())
      await visitor.context.close()
    }
  })

  t.test('what is due today and overdue goes by the day where the person is', async (t) => {
    for (const [zone, today] of [
      ['America/Los_Angeles', 'eve'],
      ['Pacific/Kiritimati', 'new year']
    ] as const) {
      const visitor = await visitIn(zone, '#/tasks?due=today')
      await due(visitor, today).waitFor()
      t.equal(await visitor.page.locator('.task').count(), 1, zone)
      await visitor.context.close()
    }
  })

  t.test('no page logged an error or made an undocumented call', async (t) => {
    t.strictSame(pageFindings(), { errors: [], undocumentedCalls: [] })
  })
})
