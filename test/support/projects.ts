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

export const invite = (by: Person, project: { id: string }, whom: object, role = 'editor') =>
  by.post(projectUrl(project, '/invitations'), { ...whom, role })

/** Invites a person by username, and returns the id of the invitation. */
export const invitePerson = async (
  by: Person,
  project: { id: string },
  who: Person,
  role?: string
): Promise<string> => (await invite(by, project, { username: who.user.username }, role)).json().id

export const withdrawInvitation = (by: Person, project: { id: string }, id: string) =>
  by.send({ method: 'DELETE', url: projectUrl(project, `/invitations/${id}`) })

export const answerInvitation = (who: Person, id: string, what: 'accept' | 'decline') =>
  who.post(`/api/v1/me/invitations/${id}/${what}`, undefined)

/** The invitations that a person got. */
export const invitationsOf = async (who: Person) =>
  (await who.get('/api/v1/me/invitations')).json().data

/** The open invitations to a project. */
export const openInvitations = async (who: Person, project: { id: string }) =>
  (await who.get(projectUrl(project, '/invitations'))).json().data
