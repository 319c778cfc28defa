import t from 'tap'
import { createBrowserTestApp, withoutBrowser } from '../../support/browser.ts'

/** How browsers mark a key of an input method: by both, or, as Safari does when Enter ends it, by the code alone. */
const MARKS = [
  { isComposing: true, keyCode: 229 },
  { isComposing: false, keyCode: 229 },
  { isComposing: true, keyCode: 13 }
]

t.test('typing with an input method', { skip: withoutBrowser }, async (t) => {
  const { signUp, visit, pageFindings } = await createBrowserTestApp(t, {
    env: { DIRECTORY: 'all' }
  })
  const ann = await signUp('user', 'ann', { name: 'Ann' })
  await signUp('user', 'bob', { name: 'Bob Stone' })
  const task = await ann.create({ title: 'Paint', tags: ['home'] })
  const { page, logIn } = await visit()
  await logIn('ann')
  /** Presses a key in the focused field as part of a conversion; returns how many listeners took it for themselves. */
  const compose = async (key: string, modifiers: object = {}) => {
    for (const mark of MARKS) {
      const init = JSON.stringify({ key, ...mark, ...modifiers, bubbles: true, cancelable: true })
      const isLeftAlone = await page.evaluate(
        `document.activeElement.dispatchEvent(new KeyboardEvent('keydown', ${init}))`
      )
      t.equal(isLeftAlone, true, `${key} ${JSON.stringify(mark)}`)
    }
  }
  const edit = () => page.getByRole('button', { name: 'Edit Paint' }).click()
  const form = page.locator('form.task-form')

  t.test('Enter makes no tag, and chooses nobody, of unconverted text', async (t) => {
    await edit()
    const tags = form.getByLabel('Tags')
    await tags.fill('にほn')
    await compose('Enter')
    await compose(',')
    t.equal(await tags.inputValue(), 'にほn')
    await tags.fill('')
    await compose('Backspace')
    t.equal(await form.getByRole('button', { name: /home/ }).count(), 1)
    const picker = form.getByRole('combobox', { name: 'Assigned to' })
    await picker.fill('bo')
    await page.getByRole('option', { name: 'Bob Stone bob' }).waitFor()
    for (const key of ['Enter', 'Tab', 'Escape', 'ArrowDown', 'ArrowUp']) {
      await compose(key)
    }
    t.equal(await picker.inputValue(), 'bo')
    t.equal(await picker.getAttribute('aria-expanded'), 'true')
    await picker.fill('')
    await form.getByLabel('Title').focus()
    await compose('Enter', { ctrlKey: true })
    await compose('Escape')
    t.equal(await form.isVisible(), true, 'neither saved nor left')
    await form.getByRole('button', { name: 'Cancel' }).click()
  })

  t.test('Enter takes no suggestion of the quick entry, and no command', async (t) => {
    const input = page.getByLabel('Title of a new task')
    await input.fill('Walk #ho')
    await page.getByRole('option', { name: 'home' }).waitFor()
    for (const key of ['Enter', 'Tab', 'ArrowDown', 'Escape']) {
      await compose(key)
    }
    t.equal(await input.inputValue(), 'Walk #ho')
    await input.fill('')
    await page.keyboard.press('Control+k')
    const palette = page.getByRole('dialog').getByRole('combobox')
    await palette.fill('proj')
    await page.getByRole('option', { name: 'Projects' }).first().waitFor()
    await compose('Enter')
    await compose('Escape')
    t.equal(await palette.inputValue(), 'proj')
    await page.keyboard.press('Escape')
  })

  t.test('Enter submits no comment and no description', async (t) => {
    await page.goto(page.url().replace(/#.*$/, `#/tasks/${task.id}`))
    const comment = page.getByRole('textbox', { name: /comment/i })
    await comment.fill('かんじ')
    await comment.focus()
    await compose('Enter', { ctrlKey: true })
    t.equal(await comment.inputValue(), 'かんじ')
    t.equal((await ann.get(`/api/v1/tasks/${task.id}/comments`)).json().data.length, 0)
    await comment.fill('')
  })

  t.test('a key that belongs to no conversion works as ever', async (t) => {
    await page.goto(page.url().replace(/#.*$/, '#/tasks'))
    await edit()
    const tags = form.getByLabel('Tags')
    await tags.fill('日本')
    await tags.press('Enter')
    t.equal(await tags.inputValue(), '')
    t.equal(await form.getByRole('button', { name: /日本/ }).count(), 1)
  })

  t.test('no page reports an error', async (t) => {
    t.strictSame(pageFindings(), { errors: [], undocumentedCalls: [] })
  })
})
