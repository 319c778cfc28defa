import t from 'tap'
import { move } from '../../support/order.ts'
import {
  createProject,
  deleteProject,
  patchProject,
  projectUrl,
  projectWith,
  putMember,
  removeMember
} from '../../support/projects.ts'
import { createTestApp, type Person } from '../../support/test-app.ts'

const { signUp } = await createTestApp(t, { env: { DIRECTORY: 'all' } })

/** Who asks: people with a role in the project, and people with a role in the installation. */
const owner = await signUp()
const people = {
  viewer: await signUp(),
  editor: await signUp(),
  admin: await signUp(),
  owner,
  stranger: await signUp(),
  manager: await signUp('manager'),
  root: await signUp('admin')
}
type Who = keyof typeof people
const INSIDERS: Who[] = ['viewer', 'editor', 'admin', 'owner', 'manager', 'root']

const project = await projectWith(owner, {
  viewer: people.viewer,
  editor: people.editor,
  admin: people.admin
})
const inProject = { project_id: project.id }
const newTask = () => owner.create({ title: 'x', ...inProject })
const personal = (who: Person) => who.create({ title: 'mine' })

/** What is done → how, and who may. Everybody else is refused with 403, and strangers do not find the project. */
const OPERATIONS: Record<string, { may: Who[]; run: (who: Person) => Promise<number> }> = {
  'read the project': {
    may: INSIDERS,
    run: async (who) => (await who.get(projectUrl(project))).statusCode
  },
  'list its members': {
    may: INSIDERS,
    run: async (who) => (await who.get(projectUrl(project, '/members'))).statusCode
  },
  'list its tasks': {
    may: INSIDERS,
    run: async (who) => (await who.get(`/api/v1/tasks?project_id=${project.id}`)).statusCode
  },
  'count its tasks': {
    may: INSIDERS,
    run: async (who) => (await who.get(`/api/v1/task-stats?project_id=${project.id}`)).statusCode
  },
  'export its tasks': {
    may: INSIDERS,
    run: async (who) =>
      (await who.get(`/api/v1/task-exports/csv?project_id=${project.id}`)).statusCode
  },
  'read a task of it': {
    may: INSIDERS,
    run: async (who) => (await who.read(await newTask())).statusCode
  },
  'read the history of a task of it': {
    may: INSIDERS,
    run: async (who) => (await who.get(`/api/v1/tasks/${(await newTask()).id}/events`)).statusCode
  },
  'change a task of it': {
    may: ['editor', 'admin', 'owner', 'manager', 'root'],
    run: async (who) => (await who.patch(await newTask(), { title: 'new' })).statusCode
  },
  'delete a task of it': {
    may: ['editor', 'admin', 'owner', 'manager', 'root'],
    run: async (who) => (await who.remove(await newTask())).statusCode
  },
  'restore a task of it': {
    may: ['editor', 'admin', 'owner', 'manager', 'root'],
    run: async (who) => {
      const task = await newTask()
      await owner.remove(task)
      return (await who.restore(task)).statusCode
    }
  },
  'change a task of it in a batch': {
    may: ['editor', 'admin', 'owner', 'manager', 'root'],
    run: async (who) => {
      const { id } = await newTask()
      const operations = [{ op: 'update', id, data: { title: 'new' } }]
      return (await who.post('/api/v1/task-batches', { operations })).statusCode
    }
  },
  'move a task of it': {
    may: ['editor', 'admin', 'owner', 'manager', 'root'],
    run: async (who) => (await move(who, await newTask(), { after_id: null })).statusCode
  },
  'rename the project': {
    may: ['admin', 'owner', 'root'],
    run: async (who) =>
      (await patchProject(who, project, { name: `Kitchen ${Math.random()}` })).statusCode
  },
  'add a viewer': {
    may: ['admin', 'owner', 'root'],
    run: async (who) => (await putMember(who, project, await signUp(), 'viewer')).statusCode
  },
  'make somebody an admin': {
    may: ['owner', 'root'],
    run: async (who) => (await putMember(who, project, await signUp(), 'admin')).statusCode
  },
  'make an admin a viewer': {
    may: ['owner', 'root'],
    run: async (who) => {
      const other = await signUp()
      await putMember(owner, project, other, 'admin')
      return (await putMember(who, project, other, 'viewer')).statusCode
    }
  },
  'remove an editor': {
    may: ['admin', 'owner', 'root'],
    run: async (who) => {
      const other = await signUp()
      await putMember(owner, project, other, 'editor')
      return (await removeMember(who, project, other)).statusCode
    }
  },
  'delete the project': {
    may: ['owner', 'root'],
    run: async (who) => (await deleteProject(who, await sameMembers())).statusCode
  },
  'transfer the project': {
    may: ['owner', 'root'],
    run: async (who) => {
      const one = await sameMembers()
      const payload = { user_id: people.editor.user.id }
      return (await who.post(projectUrl(one, '/transfer'), payload)).statusCode
    }
  }
}

const sameMembers = () =>
  projectWith(owner, { viewer: people.viewer, editor: people.editor, admin: people.admin })

for (const [operation, { may, run }] of Object.entries(OPERATIONS)) {
  t.test(`who may ${operation}: ${may.join(', ')}; a stranger does not find it`, async (t) => {
    for (const [role, who] of Object.entries(people)) {
      const status = await run(who)
      if (may.includes(role as Who)) {
        t.ok(status >= 200 && status < 300, `${role}: ${status}`)
      } else {
        t.equal(status, role === 'stranger' ? 404 : 403, `${role}: ${status}`)
      }
    }
  })
}

t.test(
  'editors and those above them create tasks in a project, which belong to its owner',
  async (t) => {
    for (const [role, who] of Object.entries(people)) {
      const response = await who.post('/api/v1/tasks', { title: role, ...inProject })
      if (role === 'viewer') {
        t.match(response.json(), { status: 403, code: 'not_allowed' })
      } else if (role === 'stranger') {
        t.match(response.json(), {
          status: 400,
          errors: [{ pointer: '/project_id', code: 'unknown_project' }]
        })
      } else {
        t.match(response.json(), {
          owner_id: owner.user.id,
          created_by: who.user.id,
          project_id: project.id
        })
      }
    }
  }
)

t.test('editors move their own tasks into a project, and tasks of it to themselves', async (t) => {
  for (const role of ['editor', 'admin', 'owner'] as const) {
    const who = people[role]
    const task = await personal(who)
    const moved = await who.patch(task, inProject)
    t.match(moved.json(), {
      id: task.id,
      owner_id: owner.user.id,
      created_by: who.user.id,
      project_id: project.id,
      version: 2
    })
    t.match((await who.patch(task, { project_id: null })).json(), {
      owner_id: who.user.id,
      project_id: null,
      version: 3
    })
    const history = (await who.get(`/api/v1/tasks/${task.id}/events`)).json().data
    t.equal(history.length, 3, 'the history goes with the task')
  }
  t.equal((await people.viewer.patch(await personal(people.viewer), inProject)).statusCode, 403)
  t.match((await people.stranger.patch(await personal(people.stranger), inProject)).json(), {
    status: 400,
    errors: [{ pointer: '/project_id' }]
  })
  t.equal((await people.viewer.patch(await newTask(), { project_id: null })).statusCode, 403)
})

t.test(
  'a viewer changes the status of a task that is assigned to them, and nothing else',
  async (t) => {
    const task = await owner.create({
      title: 'x',
      ...inProject,
      assignee_id: people.viewer.user.id
    })
    t.match((await people.viewer.patch(task, { status: 'done' })).json(), { status: 'done' })
    t.equal((await people.viewer.patch(task, { title: 'y' })).statusCode, 403)
    t.equal((await move(people.viewer, task, { status: 'todo', after_id: null })).statusCode, 403)
    t.equal((await people.viewer.remove(task)).statusCode, 403)
  }
)

t.test('the role that a project shows is what the reader may do in it', async (t) => {
  const shown = async (who: Person) => (await who.get(projectUrl(project))).json().role
  t.equal(await shown(owner), 'owner')
  t.equal(await shown(people.viewer), 'viewer')
  t.equal(await shown(people.editor), 'editor')
  t.equal(await shown(people.admin), 'admin')
  t.equal(await shown(people.manager), 'editor')
  t.equal(await shown(people.root), 'owner')
})

t.test('a key needs the scopes of projects', async (t) => {
  const keyOf = async (scopes: string[]) => {
    const created = await owner.post('/api/v1/me/api-keys', {
      name: 'x',
      scopes,
      expires_at: new Date(Date.now() + 86_400_000).toISOString()
    })
    return { authorization: `Bearer ${created.json().key}` }
  }
  const tasksOnly = await keyOf(['tasks:read', 'tasks:write'])
  t.match((await owner.get('/api/v1/projects', tasksOnly)).json(), { code: 'missing_scope' })
  const reader = await keyOf(['projects:read'])
  t.equal((await owner.get('/api/v1/projects', reader)).statusCode, 200)
  t.match((await patchProject(owner, project, { name: 'x' }, reader)).json(), {
    code: 'missing_scope'
  })
  const writer = await keyOf(['projects:write'])
  t.equal(
    (await patchProject(owner, await createProject(owner), { name: 'x' }, writer)).statusCode,
    200
  )
})
