import t from 'tap'
import { createProject, namesIn } from '../../support/projects.ts'
import { createTestApp, type Person } from '../../support/test-app.ts'

const { signUp } = await createTestApp(t)

/** Each text sorts after the one before it. */
const IN_ORDER = [
  '...',
  '1 apple',
  'Äpfel',
  'Apple 1.2',
  'apple 1.10',
  'Chapter ９',
  'chapter 10',
  'Chapter 0011',
  'chapter 100, page 2',
  'CHAPTER 100, page 10',
  'No. 12345678901234567890',
  'no. 12345678901234567891',
  'No. 9999999999999999999999999',
  'no. 10000000000000000000000000',
  'task',
  'Task 0',
  'task 00001',
  'Task 1b',
  'task 2',
  'Task A',
  'Zoë 2'
]

const readPages = async (who: Person, path: string, limit: number): Promise<string[]> => {
  const texts: string[] = []
  let cursor = ''
  do {
    const page = (await who.get(`${path}&limit=${limit}${cursor}`)).json()
    texts.push(...page.data.map((row: { title?: string; name?: string }) => row.title ?? row.name))
    cursor = page.pagination.has_more ? `&cursor=${page.pagination.next_cursor}` : ''
  } while (cursor !== '')
  return texts
}

t.test('titles sort by letters and numbers by value, on pages of any size', async (t) => {
  const ann = await signUp()
  const shuffled = IN_ORDER.toSorted((a, b) => a.length - b.length)
  for (const title of shuffled) {
    await ann.create({ title })
  }
  for (const limit of [1, 3, 100]) {
    t.strictSame(await readPages(ann, '/api/v1/tasks?sort=title_asc', limit), IN_ORDER)
    t.strictSame(
      await readPages(ann, '/api/v1/tasks?sort=title_desc', limit),
      IN_ORDER.toReversed()
    )
  }
})

t.test('names of projects sort like titles', async (t) => {
  const ann = await signUp()
  const names = ['Sprint 9', 'sprint 10', 'Sprint 100', 'Überblick']
  for (const name of names.toReversed()) {
    await createProject(ann, name)
  }
  t.strictSame(namesIn(await ann.get('/api/v1/projects?sort=name_asc')), names)
  t.strictSame(await readPages(ann, '/api/v1/projects?sort=name_desc', 1), names.toReversed())
})

t.test('numbers that sort alike are sorted by id, and none is lost between pages', async (t) => {
  const ann = await signUp()
  const titles = ['Room 7', 'room 07', 'ROOM 007', 'room 7']
  const ids: string[] = []
  for (const title of titles) {
    ids.push((await ann.create({ title })).id)
  }
  const byId = titles.toSorted((a, b) =>
    (ids[titles.indexOf(a)] as string) < (ids[titles.indexOf(b)] as string) ? -1 : 1
  )
  t.strictSame(await readPages(ann, '/api/v1/tasks?sort=title_asc', 1), byId)
})

t.test('a title of nothing but numbers is stored and sorted, however long', async (t) => {
  const ann = await signUp()
  const titles = ['1 '.repeat(100).trim(), '9'.repeat(200), '0'.repeat(200), 'ﷺ'.repeat(200)]
  for (const title of titles) {
    await ann.create({ title })
  }
  t.strictSame(await readPages(ann, '/api/v1/tasks?sort=title_asc', 1), [
    '0'.repeat(200),
    '1 '.repeat(100).trim(),
    '9'.repeat(200),
    'ﷺ'.repeat(200)
  ])
})
