import type { LightMyRequestResponse as Response } from 'fastify'
import { commentsUrl } from './comments.ts'
import { projectUrl } from './projects.ts'
import { pick, type Random } from './random.ts'
import type { Person } from './test-app.ts'

/** Something that was made, with who may probably do anything with it. */
interface Made {
  id: string
  by: Person
}

/** People, and what they have made so far: what random requests are about. */
export interface World {
  people: Person[]
  projects: Made[]
  tasks: Made[]
  comments: (Made & { task_id: string })[]
}
type Act = (world: World, random: Random) => Promise<unknown>
type Body = (world: World, random: Random) => object
type Method = 'POST' | 'PATCH' | 'PUT' | 'DELETE'

const TASKS = '/api/v1/tasks'
const MAX_PROJECTS = 4

const idOf = ({ people }: World, random: Random) => pick(random, people).user.id
const perhaps = <T>(random: Random, value: () => T): T | null => (random() < 0.5 ? null : value())
const idAmong = (random: Random, made: Made[]): string | undefined =>
  made.length === 0 ? undefined : pick(random, made).id

/** Sends a request, usually of somebody who may do this, sometimes of anybody. */
function send(
  { people }: World,
  random: Random,
  { by, method, url, payload }: { by: Person; method: Method; url: string; payload?: object }
): Promise<Response> {
  const who = random() < 0.75 ? by : pick(random, people)
  return who.send({ method, url, ...(payload && { payload }) })
}

const isDone = ({ statusCode }: Response) => statusCode < 300

const createTask: Act = async (world, random) => {
  const project = random() < 0.7 ? pick(random, world.projects) : undefined
  const parent_id = random() < 0.3 ? idAmong(random, world.tasks) : undefined
  const by = project?.by ?? pick(random, world.people)
  const payload = {
    title: pick(random, ['a', 'b', 'c']),
    ...(project && { project_id: project.id }),
    ...(random() < 0.4 && { assignee_id: idOf(world, random) }),
    ...(parent_id && { parent_id })
  }
  const response = await send(world, random, { by, method: 'POST', url: TASKS, payload })
  if (isDone(response)) {
    world.tasks.push({ id: response.json().id, by })
  }
}

const createProject: Act = async (world, random) => {
  if (world.projects.length < MAX_PROJECTS) {
    const by = pick(random, world.people)
    const response = await by.post('/api/v1/projects', { name: 'x' })
    world.projects.push({ id: response.json().id, by })
  }
}

const createComment: Act = async (world, random) => {
  if (world.tasks.length === 0) {
    return
  }
  const { id, by } = pick(random, world.tasks)
  const payload = { body: 'x' }
  const response = await send(world, random, {
    by,
    method: 'POST',
    url: commentsUrl({ id }),
    payload
  })
  if (isDone(response)) {
    const { id: commentId, author_id } = response.json()
    const author = world.people.find(({ user }) => user.id === author_id) as Person
    world.comments.push({ task_id: id, id: commentId, by: author })
  }
}

const changeComment =
  (method: 'PATCH' | 'DELETE'): Act =>
  async (world, random) => {
    if (world.comments.length > 0) {
      const { task_id, id, by } = pick(random, world.comments)
      const url = commentsUrl({ id: task_id }, `/${id}`)
      const body = { payload: { body: pick(random, ['y', 'z']) } }
      await send(world, random, { by, method, url, ...(method === 'PATCH' && body) })
    }
  }

const onTask =
  (method: Method, rest: string, body?: Body): Act =>
  async (world, random) => {
    if (world.tasks.length > 0) {
      const { id, by } = pick(random, world.tasks)
      const payload = body && { payload: body(world, random) }
      await send(world, random, { by, method, url: `${TASKS}/${id}${rest}`, ...payload })
    }
  }

const patchTask = (body: Body): Act => onTask('PATCH', '', body)

const onProject =
  (method: Method, rest: string, body?: Body): Act =>
  (world, random) => {
    const { id, by } = pick(random, world.projects)
    const payload = body && { payload: body(world, random) }
    return send(world, random, { by, method, url: projectUrl({ id }, rest), ...payload })
  }

const onMember =
  (method: 'PUT' | 'DELETE'): Act =>
  (world, random) => {
    const { id, by } = pick(random, world.projects)
    const url = projectUrl({ id }, `/members/${idOf(world, random)}`)
    const payload = { role: pick(random, ['viewer', 'editor', 'admin']) }
    return send(world, random, { by, method, url, ...(method === 'PUT' && { payload }) })
  }

const leave: Act = (world, random) => {
  const who = pick(random, world.people)
  const url = projectUrl(pick(random, world.projects), `/members/${who.user.id}`)
  return who.send({ method: 'DELETE', url })
}

const transfer: Act = async (world, random) => {
  const project = pick(random, world.projects)
  const to = pick(random, world.people)
  const url = projectUrl(project, '/transfer')
  const payload = { user_id: to.user.id }
  if (isDone(await send(world, random, { by: project.by, method: 'POST', url, payload }))) {
    project.by = to
  }
}

const invite: Act = async (world, random) => {
  const guest = pick(random, world.people)
  const { id, by } = pick(random, world.projects)
  const payload = { username: guest.user.username, role: 'editor' }
  const url = projectUrl({ id }, '/invitations')
  await send(world, random, { by, method: 'POST', url, payload })
  const [invitation] = (await guest.get('/api/v1/me/invitations')).json().data
  if (invitation) {
    await guest.post(`/api/v1/me/invitations/${invitation.id}/accept`)
  }
}

const sendBatch: Act = async (world, random) => {
  if (world.tasks.length > 0) {
    const { by } = pick(random, world.tasks)
    const own = world.tasks.filter((task) => task.by === by)
    const operations = [
      { op: 'update', id: idAmong(random, own), data: { status: 'done' } },
      { op: 'update', id: idAmong(random, own), data: { priority: 'high' } },
      { op: 'delete', id: idAmong(random, own) }
    ]
    await by.post('/api/v1/task-batches', { atomic: random() < 0.5, operations })
  }
}

const deleteAll: Act = (world, random) =>
  pick(random, world.people).send({ method: 'DELETE', url: `${TASKS}?confirm=all` })

const title: Body = (_, random) => ({ title: pick(random, ['a', 'b', 'c']) })
const assignee: Body = (world, random) => ({
  assignee_id: perhaps(random, () => idOf(world, random))
})
const place: Body = (world, random) => ({
  project_id: perhaps(random, () => pick(random, world.projects).id),
  ...(random() < 0.5 && { assignee_id: null })
})
const parent: Body = (world, random) => ({
  parent_id: perhaps(random, () => pick(random, world.tasks).id)
})
const neighbour: Body = (world, random) => ({
  status: pick(random, ['todo', 'done']),
  after_id: perhaps(random, () => pick(random, world.tasks).id)
})

/** What can happen, and how often it does. */
const ACTS: [weight: number, act: Act][] = [
  [12, createTask],
  [1, createProject],
  [10, onMember('PUT')],
  [5, onMember('DELETE')],
  [2, leave],
  [3, invite],
  [3, transfer],
  [3, onProject('PATCH', '', (_, random) => ({ name: pick(random, ['x', 'y', 'z']) }))],
  [2, onProject('PATCH', '', (_, random) => ({ archived: random() < 0.2 }))],
  [2, onProject('DELETE', '')],
  [4, onProject('POST', '/restore')],
  [5, patchTask(title)],
  [6, patchTask(assignee)],
  [6, patchTask(place)],
  [3, patchTask(parent)],
  [3, onTask('POST', '/move', neighbour)],
  [4, onTask('DELETE', '')],
  [4, onTask('POST', '/restore')],
  [7, createComment],
  [3, changeComment('PATCH')],
  [3, changeComment('DELETE')],
  [2, sendBatch],
  [1, deleteAll]
]
const CHOICES = ACTS.flatMap(([weight, act]) => Array.from({ length: weight }, () => act))

/** Makes a world of people who share two projects. */
export async function createWorld(people: Person[], random: Random): Promise<World> {
  const world: World = { people, projects: [], tasks: [], comments: [] }
  await createProject(world, random)
  await createProject(world, random)
  return world
}

/** Does something at random. */
export const act = (world: World, random: Random): Promise<unknown> =>
  pick(random, CHOICES)(world, random)
