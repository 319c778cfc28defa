import t, { type Test } from 'tap'
import { accessChanges } from '../../../src/db/tables/access-changes.ts'
import { createProject, projectUrl, putMember, removeMember } from '../../support/projects.ts'
import { runScheduled } from '../../support/scheduled.ts'
import { secondInstance } from '../../support/second-instance.ts'
import { statementsDuring, withoutStatements } from '../../support/statements.ts'
import { createTestApp, PASSWORD, type Person } from '../../support/test-app.ts'
import { waitUntil } from '../../support/wait-until.ts'

/** Longer than an instance may serve what it knows without looking, and less than it keeps it. */
const SOON_MS = 5000

const app = await createTestApp(t, { env: { DIRECTORY: 'all' } })
const { signUp, db } = app
const root = await signUp('admin')

type Instance = Awaited<ReturnType<typeof secondInstance>>
const asked = (instance: Instance, who: Person, url: string) =>
  instance({ url, headers: { authorization: `Bearer ${who.access_token}` } })

/** Asks another instance until it has known the caller for long, changes something here, and asks until it knows. */
async function learns(
  t: Test,
  who: Person,
  change: () => Promise<unknown>,
  isKnown: (answer: { statusCode: number; body: string }) => boolean,
  url = '/api/v1/me'
): Promise<void> {
  const other = await secondInstance(t, app)
  const askedAt = Date.now()
  const first = await asked(other, who, url)
  t.notOk(isKnown(first), first.body)
  await waitUntil('its memory of the caller grew old', async () => {
    await asked(other, who, url)
    return Date.now() - askedAt > 1500
  })
  await change()
  const changedAt = Date.now()
  await waitUntil('the other instance knew', async () => isKnown(await asked(other, who, url)))
  t.ok(Date.now() - changedAt < SOON_MS, 'it did not wait until it forgets by itself')
}

const endSession = (who: Person) => who.send({ method: 'POST', url: '/api/v1/auth/logout' })
const isRefused = ({ statusCode }: { statusCode: number }) => statusCode === 401

t.test('every instance refuses a session soon that ended on another one', async (t) => {
  const ann = await signUp()
  await learns(t, ann, () => endSession(ann), isRefused)
})

t.test('every instance refuses an account soon that was disabled or deleted', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  const disable = () =>
    root.send({
      method: 'PATCH',
      url: `/api/v1/admin/users/${ann.user.id}`,
      payload: { disabled: true }
    })
  await learns(t, ann, disable, isRefused)
  const remove = () =>
    bob.send({ method: 'DELETE', url: '/api/v1/me', payload: { password: PASSWORD } })
  await learns(t, bob, remove, isRefused)
})

t.test(
  'every instance shows a project soon to who joins it, and no longer to who leaves',
  async (t) => {
    const [ann, bob] = [await signUp(), await signUp()]
    const project = await createProject(ann)
    await ann.post('/api/v1/tasks', { title: 'Mend the lamp', project_id: project.id })
    const sees = ({ body }: { body: string }) => body.includes('Mend the lamp')
    const join = () => putMember(ann, project, bob, 'viewer')
    await learns(t, bob, join, sees, '/api/v1/tasks')
    await learns(
      t,
      bob,
      () => removeMember(ann, project, bob),
      (it) => !sees(it),
      '/api/v1/tasks'
    )
  }
)

t.test('the projects of a deleted account are soon gone on every instance', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  const project = await createProject(ann)
  await putMember(ann, project, bob, 'viewer')
  await ann.post('/api/v1/tasks', { title: 'Oil the hinge', project_id: project.id })
  const remove = () =>
    ann.send({ method: 'DELETE', url: '/api/v1/me', payload: { password: PASSWORD } })
  await learns(t, bob, remove, ({ body }) => !body.includes('Oil the hinge'), '/api/v1/tasks')
  t.equal((await bob.get(projectUrl(project))).statusCode, 404)
})

t.test(
  'an instance asks once a second whose access has changed, however many callers it knows',
  { skip: withoutStatements },
  async (t) => {
    const people = await Promise.all(Array.from({ length: 5 }, () => signUp()))
    const ask = () => Promise.all(people.map((who) => who.get('/api/v1/tasks')))
    await ask()
    let rounds = 0
    const since = Date.now()
    const texts = await statementsDuring(app.database, () =>
      waitUntil('four seconds passed', async () => {
        await ask()
        rounds++
        return Date.now() - since > 4000
      })
    )
    const count = (pattern: RegExp) => texts.filter((text) => pattern.test(text)).length
    t.ok(rounds > 4)
    t.ok(count(/access_changes/) <= 5, 'a look a second')
    t.ok(count(/"sessions"\."user_id" = /) <= people.length, 'and each caller once at most')
  }
)

t.test('changes of access are deleted when every instance has seen them', async (t) => {
  const ann = await signUp()
  await endSession(ann)
  const count = () => db.$count(accessChanges)
  t.ok((await count()) > 0)
  await db.execute(`UPDATE access_changes SET created_at = now() - interval '10 minutes'`)
  await runScheduled(app, 'access_changes.purge')
  t.equal(await count(), 0)
})
