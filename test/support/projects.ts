import type { LightMyRequestResponse as Response } from 'fastify'
import type { Project } from '../../src/features/projects/schema.ts'
import type { Person } from './test-app.ts'

export const projectUrl = ({ id }: { id: string }, rest = '') => `/api/v1/projects/${id}${rest}`

/** Creates a project of a person's own. */
export async function createProject(owner: Person, name = 'Kitchen'): Promise<Project> {
  const response = await owner.post('/api/v1/projects', { name })
  if (response.statusCode !== 201) {
    throw new Error(`could not create a project: ${response.body}`)
  }
  return response.json()
}

/** Asks to make somebody a member. */
export const putMember = (
  by: Person,
  project: { id: string },
  who: Person,
  role: string
): Promise<Response> =>
  by.send({
    method: 'PUT',
    url: projectUrl(project, `/members/${who.user.id}`),
    payload: { role }
  })

/** Asks to remove a member. */
export const removeMember = (by: Person, project: { id: string }, who: Person) =>
  by.send({ method: 'DELETE', url: projectUrl(project, `/members/${who.user.id}`) })

export const patchProject = (
  by: Person,
  project: { id: string },
  payload: object,
  headers: Record<string, string> = {}
) => by.send({ method: 'PATCH', url: projectUrl(project), payload, headers })

export const deleteProject = (by: Person, project: { id: string }) =>
  by.send({ method: 'DELETE', url: projectUrl(project) })

/** Creates a project with a member of each role. */
export async function projectWith(owner: Person, members: Partial<Record<string, Person>>) {
  const project = await createProject(owner)
  for (const [role, who] of Object.entries(members)) {
    const added = await putMember(owner, project, who as Person, role)
    if (added.statusCode !== 200) {
      throw new Error(`could not add a member: ${added.body}`)
    }
  }
  return project
}

export const namesIn = (response: Response): string[] =>
  response.json().data.map(({ name }: { name: string }) => name)
export const titlesIn = (response: Response): string[] =>
  response.json().data.map(({ title }: { title: string }) => title)
