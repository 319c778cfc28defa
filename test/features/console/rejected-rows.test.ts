import { readFileSync } from 'node:fs'
import { parse } from 'csv-parse/sync'
import t from 'tap'
import { createBrowserTestApp, withoutBrowser } from '../../support/browser.ts'
import { worker } from '../../support/imports.ts'

/** As a spreadsheet in Germany writes it: not in UTF-8, with a line break and delimiters in a cell. */
const FILE = Buffer.from(
  'title;description;status;due_date\r\n' +
    'Zelt;"liegt; im\r\nKeller";todo;\r\n' +
    'Brücke;"sagt ""ja""; oder\r\nnein";whatever;2026-03-01\r\n' +
    '\r\n' +
    ';ohne Titel;todo;2026-03-02\r\n' +
    'Äpfel;;whatever;never',
  'latin1'
)

t.test('the rejected rows of an import', { skip: withoutBrowser }, async (t) => {
  const { db, config, signUp, visit, pageFindings } = await createBrowserTestApp(t)
  worker(t, { db, config })
  const ann = await signUp('user', 'ann')
  const { page, logIn, accessibilityViolations } = await visit({ acceptDownloads: true })
  await logIn('ann', '#/csv')
  const row = (text: string) => page.locator('.row-import', { hasText: text })
  const choose = async (name: string, buffer: Buffer, mimeType = 'text/csv') => {
    await page.locator('#csv-file').setInputFiles({ name, mimeType, buffer })
    const preview = page.getByRole('dialog', { name: `Preview of ${name}` })
    await preview.getByRole('button', { name: /^Import/ }).click()
  }
  const openReport = async (name: string, on = page) => {
    await on.getByRole('button', { name: `Rejected rows of ${name}` }).click()
    const dialog = on.getByRole('dialog', { name: `Rejected rows of ${name}` })
    const button = dialog.getByRole('button', { name: 'Download rejected rows' })
    await button.waitFor()
    return { dialog, button }
  }
  /** Returns the file that the browser saves. */
  const saved = async (press: () => Promise<void>, on = page) => {
    const [download] = await Promise.all([on.waitForEvent('download'), press()])
    return { name: download.suggestedFilename(), file: readFileSync(await download.path()) }
  }
  const cellsOf = (file: Buffer) =>
    parse(file, { columns: true, bom: true, delimiter: ';' }) as Record<string, string>[]

  t.test('each kind of error is shown once, with the number of its rows', async (t) => {
    await choose('camp.csv', FILE)
    await row('camp.csv').getByText('3 rejected').waitFor()
    const { dialog } = await openReport('camp.csv')
    t.equal(await dialog.locator('.rows > .row').count(), 3)
    const status = dialog.locator('.row', { hasText: 'status must be one of' })
    await status.getByText('2 rows', { exact: true }).waitFor()
    t.match(await status.textContent(), /^Status 2 rows.*Row 2: whatever\s*Row 4: whatever/)
    t.strictSame(await accessibilityViolations(), [])
    await page.keyboard.press('Escape')
  })

  t.test('are saved as they were in the file, and can be mended and sent again', async (t) => {
    const { button } = await openReport('camp.csv')
    const { name, file } = await saved(() => button.click())
    t.equal(name, 'rejected-camp.csv')
    const cells = cellsOf(file)
    t.match(cells, [
      { error: /^status/, title: 'Brücke', description: 'sagt "ja"; oder\r\nnein' },
      { error: /^title/, title: '', description: 'ohne Titel', due_date: '2026-03-02' },
      { error: /status.*due_date|due_date.*status/, title: 'Äpfel', due_date: 'never' }
    ])
    await page.keyboard.press('Escape')
    const mended = file.toString().replace('whatever', 'done').replace(';;ohne', ';Doch;ohne')
    await choose('mended.csv', Buffer.from(mended))
    await row('mended.csv').getByText('2 imported').waitFor()
    const report = await openReport('mended.csv')
    const again = cellsOf((await saved(() => report.button.click())).file)
    t.match(again, [{ error: /status/, title: 'Äpfel' }])
    t.strictSame(Object.keys(again[0] ?? {}), Object.keys(cells[0] ?? {}), 'one such column')
    await page.keyboard.press('Escape')
    t.equal((await ann.get('/api/v1/task-stats')).json().total, 3)
  })

  t.test('are taken from the file that is chosen again where it is not at hand', async (t) => {
    const other = await visit({ acceptDownloads: true })
    await other.logIn('ann', '#/csv')
    const { page } = other
    const { dialog, button } = await openReport('camp.csv', page)
    const pick = async (buffer: Buffer) => {
      const [chooser] = await Promise.all([page.waitForEvent('filechooser'), button.click()])
      await chooser.setFiles({ name: 'camp.csv', mimeType: 'text/csv', buffer })
    }
    await pick(Buffer.from('title\nAnother file\n'))
    await page.getByText('This is another file: it has 1 rows, and 4 were imported.').waitFor()
    const { file } = await saved(() => pick(FILE), page)
    t.equal(cellsOf(file).length, 3)
    t.equal(await dialog.locator('.rows > .row').count(), 3)
    await other.context.close()
  })

  t.test('of JSON lines are objects with their reason', async (t) => {
    const lines = '{"title":"Good"}\n\n{"title":"Bad","tags":["a"],"status":"whatever"}\n'
    await choose('tasks.jsonl', Buffer.from(lines), 'application/x-ndjson')
    await row('tasks.jsonl').getByText('1 rejected').waitFor()
    const { button } = await openReport('tasks.jsonl')
    const { name, file } = await saved(() => button.click())
    t.equal(name, 'rejected-tasks.jsonl')
    t.match(JSON.parse(file.toString()), { error: /status/, title: 'Bad', tags: ['a'] })
    await page.keyboard.press('Escape')
  })

  t.test('no page reports an error, and all calls are in the contract', async (t) => {
    const { errors, undocumentedCalls } = pageFindings()
    t.strictSame(errors, [])
    t.strictSame(undocumentedCalls, [])
  })
})
