import t from 'tap'
import { createInOrder, inOrder, moved } from '../../support/order.ts'
import { createProject, titlesIn } from '../../support/projects.ts'
import { createTestApp, type Person } from '../../support/test-app.ts'

const { signUp } = await createTestApp(t)

t.test('tasks are sorted by position within one list only', async (t) => {
  const ann = await signUp()
  const boss = await signUp('manager')
  const [one, other] = [await createProject(ann), await createProject(ann)]
  const refused: [Person, string][] = [
    [ann, ''],
    [ann, '&personal=false'],
    [ann, '&status=todo'],
    [ann, `&owner_id=${ann.user.id}`],
    [ann, `&project_id=${one.id}&project_id=${other.id}`],
    [ann, `&project_id=${one.id}&project_id=${other.id}&personal=true`],
    [boss, '&scope=all'],
    [boss, '&scope=all&personal=true'],
    [boss, `&owner_id=${ann.user.id}`]
  ]
  for (const [who, query] of refused) {
    for (const sort of ['position_asc', 'position_desc']) {
      t.match((await who.get(`/api/v1/tasks?sort=${sort}${query}`)).json(), {
        status: 400,
        errors: [{ in: 'query', pointer: '/sort', code: 'not_sortable', detail: /personal=true/ }]
      })
    }
  }
  const allowed: [Person, string][] = [
    [ann, '&personal=true'],
    [ann, `&project_id=${one.id}`],
    [ann, `&project_id=${one.id}&project_id=${one.id.toUpperCase()}`],
    [ann, `&project_id=${one.id}&status=todo&q=x&include_total=true`],
    [boss, `&scope=all&project_id=${one.id}`],
    [boss, `&owner_id=${ann.user.id}&personal=true`],
    [boss, `&scope=all&owner_id=${ann.user.id}&personal=true`]
  ]
  for (const [who, query] of allowed) {
    const response = await who.get(`/api/v1/tasks?sort=position_asc${query}`)
    t.equal(response.statusCode, 200, response.body)
  }
})

t.test('the order of a personal list has no tasks of other lists', async (t) => {
  const [ann, bob, boss] = [await signUp(), await signUp(), await signUp('manager')]
  const project = await createProject(ann)
  const [, b] = await createInOrder(ann, ['a', 'b', 'c'])
  await ann.create({ title: 'in a project', project_id: project.id })
  await bob.create({ title: "Bob's", assignee_id: ann.user.id })
  await moved(ann, b, { after_id: null })
  const all = await ann.get(`${inOrder('personal')}&include_total=true`)
  t.same(titlesIn(all), ['b', 'a', 'c'])
  t.equal(all.json().pagination.total, 3)
  t.same(titlesIn(await boss.get(`${inOrder('personal')}&owner_id=${ann.user.id}`)), [
    'b',
    'a',
    'c'
  ])
  t.same(titlesIn(await ann.get('/api/v1/tasks?personal=true&sort=title_asc')), [
    'a',
    'b',
    "Bob's",
    'c'
  ])
})

t.test('pages in manual order neither repeat nor skip a task', async (t) => {
  const ann = await signUp()
  const project = await createProject(ann)
  const titles = Array.from({ length: 23 }, (_, i) => `task ${i}`)
  const tasks = await createInOrder(ann, titles, { project_id: project.id })
  for (const task of tasks.slice(0, 12)) {
    await moved(ann, task, { after_id: null })
  }
  for (const direction of ['asc', 'desc']) {
    const whole = titlesIn(await ann.get(inOrder(project, direction)))
    t.equal(whole.length, titles.length)
    const found: string[] = []
    const url = `/api/v1/tasks?limit=5&sort=position_${direction}&project_id=${project.id}`
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page = await ann.get(cursor ? `${url}&cursor=${cursor}` : url)
      found.push(...titlesIn(page))
      cursor = page.json().pagination.next_cursor
    }
    t.same(found, whole)
    const positions = (await ann.get(inOrder(project, direction)))
      .json()
      .data.map(({ position }: { position: string }) => position)
    const sorted = positions.toSorted()
    t.same(positions, direction === 'asc' ? sorted : sorted.reverse(), 'they sort by bytes')
    t.ok(positions.every((position: string) => /^\S{1,200}$/.test(position)))
  }
})

t.test('a filter and a search keep the manual order', async (t) => {
  const ann = await signUp()
  const [, b, c] = await createInOrder(ann, ['door a', 'door b', 'wall c', 'door d'])
  await moved(ann, c, { after_id: null })
  await moved(ann, b, { before_id: null, status: 'done' })
  t.same(titlesIn(await ann.get(`${inOrder('personal')}&q=door`)), ['door a', 'door d', 'door b'])
  t.same(titlesIn(await ann.get(`${inOrder('personal')}&status=todo`)), [
    'wall c',
    'door a',
    'door d'
  ])
})
