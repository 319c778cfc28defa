import { readFileSync } from 'node:fs'
import t from 'tap'
import { createTestApp } from '../support/test-app.ts'

const document = readFileSync(new URL('../../docs/coming-from.md', import.meta.url), 'utf8')
const { request, signUp } = await createTestApp(t)
const ann = await signUp()

/** The rows of the tables in one section, without the backticks. */
const rowsOf = (heading: string): string[][] =>
  [...sectionOf(heading).matchAll(/^\| (`.*`) \| `(.*)` \|$/gm)].map(
    ([, there = '', here = '']) => [
      ...(there.split(' ').length > 1 && !/^`[A-Z]+ /.test(there)
        ? there.replaceAll('`', '').split(' ')
        : [there.replaceAll('`', '')]),
      here
    ]
  )
const sectionOf = (heading: string): string =>
  document.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''

t.test(
  'every call of another service is answered with the one that the document names',
  async (t) => {
    const rows = rowsOf('Calls')
    t.ok(rows.length > 40)
    for (const [there = '', here] of rows) {
      const [method, url = ''] = there.split(' ')
      const answer = await request({
        method: method as 'GET',
        url,
        headers: { authorization: `Bearer ${ann.access_token}` }
      })
      t.equal(answer.statusCode, 404, there)
      t.equal(answer.json().detail, `Not found. Did you mean ${here}?`, there)
    }
  }
)

t.test('every field, value and parameter is refused with what the document names', async (t) => {
  for (const [name = '', here] of rowsOf('Fields of a task')) {
    const answer = await ann.post('/api/v1/tasks', { title: 'x', [name]: 'x' })
    t.equal(answer.statusCode, 400, name)
    t.equal(answer.json().errors[0].detail, `${name} is unknown; did you mean ${here}?`)
  }
  for (const [field = '', value, here] of rowsOf('Values of a task')) {
    const answer = await ann.post('/api/v1/tasks', { title: 'x', [field]: value })
    t.equal(answer.statusCode, 400, String(value))
    t.ok(answer.json().errors[0].detail.endsWith(`; did you mean ${here}?`), String(value))
  }
  for (const [name = '', here] of rowsOf('Parameters of the list')) {
    const answer = await ann.get(`/api/v1/tasks?${name}=1`)
    t.equal(answer.statusCode, 400, name)
    t.equal(answer.json().errors[0].detail, `${name} is unknown; did you mean ${here}?`)
  }
  t.ok(
    ['Fields of a task', 'Values of a task', 'Parameters of the list'].every(
      (it) => rowsOf(it).length > 5
    )
  )
  t.equal((await ann.get('/api/v1/tasks')).json().data.length, 0, 'nothing was made')
})

t.test('what a document names is taken when it is sent', async (t) => {
  for (const task of [
    { title: 'x', status: 'done' },
    { title: 'x', description: 'y', due_date: '2030-12-31', tags: ['z'], assignee_id: null }
  ]) {
    t.equal((await ann.post('/api/v1/tasks', task)).statusCode, 201)
  }
  const query = `q=x&completed=true&created_after=2020-01-01&created_before=2099-01-01&limit=5&sort=due_date_asc`
  t.equal((await ann.get(`/api/v1/tasks?${query}&owner_id=${ann.user.id}`)).statusCode, 200)
})

t.test('a field that has no equivalent gets no wrong one', async (t) => {
  for (const name of ['section_id', 'idList', 'bucket_id', 'order']) {
    const answer = await ann.post('/api/v1/tasks', { title: 'x', [name]: 'x' })
    t.equal(answer.json().errors[0].detail, `${name} is unknown.`)
  }
})

t.test('paths with ids and prefixes that mean nothing here get no hint', async (t) => {
  for (const url of [
    '/1',
    '/1/',
    '/rest',
    '/api/rest/',
    '/17/42',
    '/rest/v2/sections',
    '/1/boards/17'
  ]) {
    const answer = await request({ url })
    t.equal(answer.statusCode, 404, url)
    t.equal(answer.json().detail, 'Not found.', url)
  }
})
