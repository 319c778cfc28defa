import t from 'tap'
import type { Change } from '../../../src/features/changes/schema.ts'
import { follow, linesOf } from '../../support/follower.ts'
import {
  createProject,
  deleteProject,
  patchProject,
  projectUrl,
  projectWith
} from '../../support/projects.ts'
import { createTestApp } from '../../support/test-app.ts'

const { signUp } = await createTestApp(t, { env: { DIRECTORY: 'all' } })
const of = (type: string) => (change: Change) => change.resource.type === type

t.test('a project is followed from its creation, with the fields that differ', async (t) => {
  const [ann, eve] = [await signUp(), await signUp()]
  const [anns, eves] = [await follow(ann), await follow(eve)]
  const project = await createProject(ann)
  await patchProject(ann, project, { name: ' Kitchen ', color: null, archived: false })
  await patchProject(ann, project, { name: 'Bath', color: '#2F6FDE', description: 'All new' })
  await patchProject(ann, project, { name: 'Bath', color: '#2f6fde' })
  await patchProject(ann, project, { archived: true })
  t.equal((await patchProject(ann, project, { name: '' })).statusCode, 400)
  t.equal((await patchProject(eve, project, { name: 'Mine' })).statusCode, 404)
  const stale = await patchProject(ann, project, { name: 'Old' }, { 'if-match': '"1"' })
  t.equal(stale.statusCode, 412)
  const seen = await anns()
  t.strictSame(linesOf(seen), [
    'project.created 1',
    'project.updated 2 color description name',
    'project.updated 3 archived'
  ])
  const now = (await ann.get(projectUrl(project))).json()
  for (const change of seen) {
    t.match(change, {
      actor_id: ann.user.id,
      project_id: project.id,
      resource: { type: 'project', id: project.id }
    })
    t.strictSame(change.data, now)
  }
  t.strictSame(await eves(), [])
})

t.test('a member sees a project with the role that is theirs', async (t) => {
  const [ann, bob] = [await signUp(), await signUp()]
  const project = await projectWith(ann, { viewer: bob })
  const bobs = await follow(bob)
  await patchProject(ann, project, { name: 'Bath' })
  t.match(await bobs(), [{ type: 'project.updated', data: { name: 'Bath', role: 'viewer' } }])
})

t.test('all who belong to a project see that it is deleted and comes back', async (t) => {
  const [ann, bob, eve] = [await signUp(), await signUp(), await signUp()]
  const project = await projectWith(ann, { editor: bob })
  const task = await ann.create({ title: 'Paint', project_id: project.id })
  const [anns, bobs, eves] = [await follow(ann), await follow(bob), await follow(eve)]
  t.equal((await deleteProject(ann, project)).statusCode, 204)
  const gone = await bobs()
  t.strictSame(linesOf(gone), ['project.deleted 2', 'task.deleted 2'])
  t.ok(gone.every(({ data, project_id }) => data === null && project_id === project.id))
  t.strictSame(await anns(), gone)

  await ann.post(projectUrl(project, '/restore'))
  await ann.post(projectUrl(project, '/restore'))
  const back = await bobs()
  t.strictSame(linesOf(back), ['project.restored 3', 'task.restored 3'])
  t.match(back, [
    { data: { id: project.id, role: 'editor' } },
    { data: { id: task.id, version: 3 } }
  ])
  t.strictSame(linesOf(await anns()), linesOf(back))
  t.strictSame(await eves(), [])
})

t.test('a project that is given away keeps what its feed says', async (t) => {
  const [ann, bob, cid] = [await signUp(), await signUp(), await signUp()]
  const project = await projectWith(ann, { editor: bob, viewer: cid })
  const start = { ann: await follow(ann), bob: await follow(bob), cid: await follow(cid) }
  await patchProject(ann, project, { name: 'Bath' })
  const transfer = await ann.post(projectUrl(project, '/transfer'), { user_id: bob.user.id })
  t.match(transfer, { statusCode: 200 })
  await patchProject(bob, project, { color: '#000000' })
  const expected = [
    'project.updated 2 name',
    'project.updated 3 owner_id',
    'member.removed',
    'member.added',
    'project.updated 4 color'
  ]
  for (const [name, role] of Object.entries({ ann: 'admin', bob: 'owner', cid: 'viewer' })) {
    const seen = await start[name as keyof typeof start]()
    t.strictSame(linesOf(seen), expected, name)
    t.match(seen[0]?.data, { owner_id: bob.user.id, role }, name)
    const [removed, added] = seen.filter(of('member'))
    t.match(removed, { resource: { id: bob.user.id }, data: { role: 'owner' } }, name)
    t.match(added, { resource: { id: ann.user.id }, data: { role: 'admin' } }, name)
  }
})
