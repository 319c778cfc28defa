import t from 'tap'
import { inCluster } from '../../support/citus.ts'
import { statementsDuring, withoutStatements } from '../../support/statements.ts'
import { createBelow, insertBelow } from '../../support/subtasks.ts'
import { createTestApp } from '../../support/test-app.ts'

const { database, db, signUp } = await createTestApp(t)

/** Statements about tasks: sessions are read at most once a second. */
const countStatements = async (work: () => Promise<unknown>): Promise<number> =>
  (await statementsDuring(database, work)).filter((text) => /\btasks\b/.test(text)).length

t.test(
  'counts of subtasks cost one more statement, however long the page is',
  { skip: withoutStatements },
  async (t) => {
    const ann = await signUp()
    const top = await ann.create({ title: 'Top' })
    await createBelow(ann, top, ['a', 'b'])
    await insertBelow(db, top, 150)
    for (const limit of [1, 20, 100]) {
      const url = `/api/v1/tasks?limit=${limit}&sort=title_asc`
      const plain = await countStatements(() => ann.get(url))
      const counted = await countStatements(() => ann.get(`${url}&include_subtasks=true`))
      t.equal(plain, 1)
      t.equal(counted, 2, `a page of ${limit}`)
    }
    const url = `/api/v1/tasks/${top.id}`
    t.equal(await countStatements(() => ann.get(url)), 1)
    t.equal(await countStatements(() => ann.get(`${url}?include_subtasks=true`)), 2)
  }
)

t.test(
  'tasks without subtasks cost as many statements as before there were any',
  { skip: withoutStatements || (await inCluster('a change takes several statements')) },
  async (t) => {
    const ann = await signUp()
    const { id } = await ann.create({ title: 'Task' })
    const create = () => ann.post('/api/v1/tasks', { title: 'x' })
    t.equal(await countStatements(create), 1)
    t.equal(await countStatements(() => ann.patch({ id }, { status: 'done' })), 1)
    t.equal(await countStatements(() => ann.remove({ id })), 2)
  }
)
