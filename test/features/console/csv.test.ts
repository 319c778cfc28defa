import { readFileSync } from 'node:fs'
import { parse } from 'csv-parse/sync'
import t from 'tap'
import { createBrowserTestApp, withoutBrowser } from '../../support/browser.ts'
import { sample, worker } from '../../support/imports.ts'

t.test('import and export', { skip: withoutBrowser }, async (t) => {
  const { db, config, signUp, visit, pageFindings } = await createBrowserTestApp(t)
  const ann = await signUp('user', 'ann')
  const { page, logIn, accessibilityViolations } = await visit({
    expectedStatuses: [400],
    acceptDownloads: true
  })
  await logIn('ann', '#/csv')
  const row = (text: string) => page.locator('.row-import', { hasText: text })
  const choose = (name: string, content: string | Buffer) =>
    page
      .locator('#csv-file')
      .setInputFiles({ name, mimeType: 'text/csv', buffer: Buffer.from(content) })
  const confirmImport = (name: string) =>
    page
      .getByRole('dialog', { name: `Preview of ${name}` })
      .getByRole('button', { name: /^(Import|Start the dry run)/ })
      .click()
  /** Returns the file that the browser saves after a click. */
  const saved = async (press: () => Promise<void>) => {
    const [download] = await Promise.all([page.waitForEvent('download'), press()])
    return { name: download.suggestedFilename(), text: readFileSync(await download.path(), 'utf8') }
  }

  t.test('a queued import shows its progress and can be cancelled', async (t) => {
    await page.getByText('No imports yet').waitFor()
    t.strictSame(await accessibilityViolations(), [])
    await choose('waits.csv', 'title\nPaint the fence\n')
    await confirmImport('waits.csv')
    await row('waits.csv').getByRole('progressbar', { name: 'Importing waits.csv' }).waitFor()
    await row('waits.csv').getByText('0 of 1 rows').waitFor()
    await page.getByRole('button', { name: 'Cancel the import of waits.csv' }).click()
    await row('waits.csv').getByText('Cancelled', { exact: true }).waitFor()
    t.equal((await ann.get('/api/v1/tasks')).json().data.length, 0)
  })

  t.test(
    'a dropped file is imported, and its rejected rows are listed with reasons and can be downloaded',
    async (t) => {
      worker(t, { db, config })
      const file = await page.evaluateHandle<DataTransferLike, string>((text) => {
        const { DataTransfer, File } = globalThis as unknown as {
          DataTransfer: new () => DataTransferLike
          File: new (parts: string[], name: string, options: object) => unknown
        }
        const transfer = new DataTransfer()
        transfer.items.add(new File([text], 'odd.csv', { type: 'text/csv' }))
        return transfer
      }, sample('odd').toString('utf8'))
      await page.locator('.drop').dispatchEvent('drop', { dataTransfer: file })
      await confirmImport('odd.csv')
      await row('odd.csv').getByText('4 rejected').waitFor()
      await row('odd.csv').getByText('7 imported').waitFor()
      t.equal((await ann.get('/api/v1/tasks?limit=100')).json().data.length, 7)
      await page.getByRole('button', { name: 'Rejected rows of odd.csv' }).click()
      const dialog = page.getByRole('dialog', { name: 'Rejected rows of odd.csv' })
      await dialog.getByText('Row 8').first().waitFor()
      t.strictSame(await accessibilityViolations(), [])
      const { name, text } = await saved(() =>
        dialog.getByRole('button', { name: 'Download the list of errors' }).click()
      )
      t.equal(name, 'errors-odd.csv')
      const rowErrors = parse(text, { columns: true }) as { row: string; message: string }[]
      t.strictSame([...new Set(rowErrors.map((one) => one.row))], ['8', '9', '10', '11'])
      t.ok(rowErrors.every(({ message }) => message.length > 5))
      await page.keyboard.press('Escape')
    }
  )

  t.test(
    'a dry run creates no tasks, and a file that is no CSV is rejected with an explanation',
    async (t) => {
      worker(t, { db, config })
      const before = (await ann.get('/api/v1/task-stats')).json().total
      await page.getByLabel('Dry run').check()
      await choose('try.csv', 'title\nOnly a try\n')
      await confirmImport('try.csv')
      await row('try.csv').getByText('1 valid').waitFor()
      await row('try.csv').getByText('Dry run', { exact: true }).waitFor()
      await page.getByLabel('Dry run').uncheck()
      await choose('tasks.pdf', '%PDF-1.7\ntitle\n')
      await page.locator('.problem').getByText('The request does not match the contract').waitFor()
      await page.locator('.problem .request-id').waitFor()
      t.equal((await ann.get('/api/v1/task-stats')).json().total, before)
    }
  )

  t.test('a preview shows what a file is and asks for the order of its dates', async (t) => {
    worker(t, { db, config })
    await choose('dates.csv', 'Subject,Due\nPaint the shed,04/05/2026\nCall,2026-04-05 09:00\n')
    const dialog = page.getByRole('dialog', { name: 'Preview of dates.csv' })
    await dialog.getByText('1 valid row, 1 rejected').waitFor()
    t.strictSame(await accessibilityViolations(), [])
    await dialog.getByLabel('Dates are written as').selectOption('mdy')
    await dialog.getByRole('button', { name: 'Import' }).click()
    await row('dates.csv').getByText('2 imported').waitFor()
    const [task] = (await ann.get('/api/v1/tasks?q=shed')).json().data
    t.match(task, { due_date: /^2026-04-05/, all_day: true })
    await choose('again.csv', 'title\nNot this one\n')
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
    await page.getByLabel('Show a preview').uncheck()
    t.equal((await ann.get('/api/v1/tasks?q=Not')).json().data.length, 0)
    await choose('at-once.csv', 'title\nWithout a look\n')
    await row('at-once.csv').getByText('1 imported').waitFor()
    await page.getByLabel('Show a preview').check()
  })

  t.test('tasks are exported completely, or filtered as requested', async (t) => {
    await ann.create({ title: '=1+1', status: 'done', tags: ['a', 'b'] })
    const { name, text } = await saved(() => page.getByRole('button', { name: 'Export' }).click())
    t.equal(name, 'tasks.csv')
    await page.getByText('Download complete.').first().waitFor()
    const rows = parse(text, { columns: true }) as { title: string; tags: string }[]
    t.equal(rows.length, (await ann.get('/api/v1/task-stats')).json().total)
    t.match(
      rows.find(({ title }) => title.includes('1+1')),
      { title: "'=1+1", tags: 'a|b' }
    )
    await page.getByLabel('Which tasks?').selectOption('Done tasks')
    await page.getByLabel('Search').fill('1+1')
    const few = await saved(() => page.getByRole('button', { name: 'Export' }).click())
    t.equal((parse(few.text, { columns: true }) as object[]).length, 1)
  })

  t.test('the page fits a width of 360 pixels', async (t) => {
    await page.setViewportSize({ width: 360, height: 740 })
    t.strictSame(await accessibilityViolations(), [])
    t.equal(await page.evaluate('document.documentElement.scrollWidth'), 360)
  })

  t.test(
    'no page reports an error or violates its policy, and all calls are in the contract',
    async (t) => {
      const { errors, undocumentedCalls } = pageFindings()
      t.strictSame(errors, [])
      t.strictSame(undocumentedCalls, [])
    }
  )
})

interface DataTransferLike {
  items: { add(file: unknown): void }
}
