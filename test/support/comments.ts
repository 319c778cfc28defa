import type { LightMyRequestResponse as Response } from 'fastify'
import type { TaskComment } from '../../src/features/comments/schema.ts'
import type { Person } from './test-app.ts'

type Id = { id: string }
export const commentsUrl = ({ id }: Id, rest = '') => `/api/v1/tasks/${id}/comments${rest}`
const urlOf = ({ task_id, id }: TaskComment) => commentsUrl({ id: task_id }, `/${id}`)
const ifMatch = (tag: string | undefined) =>
  tag === undefined ? {} : { headers: { 'if-match': tag } }

/** Asks to comment on a task. */
export const postComment = (by: Person, task: Id, body: string, headers = {}): Promise<Response> =>
  by.send({ method: 'POST', url: commentsUrl(task), payload: { body }, headers })

/** Comments on a task. */
export async function comment(by: Person, task: Id, body = 'Which blue?'): Promise<TaskComment> {
  const response = await postComment(by, task, body)
  if (response.statusCode !== 201) {
    throw new Error(`could not comment: ${response.body}`)
  }
  return response.json()
}

export const readComment = (by: Person, of: TaskComment, headers = {}) => by.get(urlOf(of), headers)
export const editComment = (by: Person, of: TaskComment, body: string, tag?: string) =>
  by.send({ method: 'PATCH', url: urlOf(of), payload: { body }, ...ifMatch(tag) })
export const deleteComment = (by: Person, of: TaskComment, tag?: string) =>
  by.send({ method: 'DELETE', url: urlOf(of), ...ifMatch(tag) })

/** The comments on the first page of a task. */
export const commentsOn = async (by: Person, task: Id): Promise<TaskComment[]> =>
  (await by.get(commentsUrl(task, '?limit=100'))).json().data
export const bodiesOn = async (by: Person, task: Id): Promise<string[]> =>
  (await commentsOn(by, task)).map(({ body }) => body)
export const countOn = async (by: Person, task: Id): Promise<number> =>
  (await by.read(task)).json().comment_count
