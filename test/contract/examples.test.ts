import t from 'tap'
import { operations } from '../support/contract.ts'
import { partsForSeveralServers } from '../support/distributed-statements.ts'
import { codeIn, emailsTo } from '../support/emails.ts'
import { form } from '../support/imports.ts'
import { partsWithoutOwner, statementsDuring, withoutStatements } from '../support/statements.ts'
import { createTestApp, PASSWORD } from '../support/test-app.ts'

type Operation = (typeof operations)[number]
type Texts = Record<string, string>
interface Media {
  examples?: Record<string, { value: object }>
}

/** These end what the others need; the rest is sent in the order of the contract. */
const LAST = [
  'deleteIpBan',
  'deleteWebhook',
  'endSession',
  'revokeUserApiKey',
  'revokeApiKey',
  'deleteTask',
  'restoreTask',
  'deleteAllTasks',
  'removeProjectMember',
  'transferProject',
  'deleteProject',
  'restoreProject',
  'revokeUserApiKeys',
  'endUserSessions',
  'deleteUser',
  'verifyResetCode',
  'resetPassword',
  'changePassword',
  'logout',
  'deleteMe'
]
const placeOf = ({ operation }: Operation): number => LAST.indexOf(operation.operationId)
const NEW_PASSWORD = 'a staple that is correct'
const CSV = form({ content: 'title,tags\nPaint the door,home\n', name: 'tasks.csv' })

const { request, mail, signUp, database } = await createTestApp(t, {
  env: { FIRST_USER_ADMIN: 'true' }
})
/** What earlier responses have said, by the names that later requests have for it. */
const known: Texts = {}
const login = async (password: string) =>
  (
    await request({
      method: 'POST',
      url: '/api/v1/auth/login',
      payload: { username: 'ann', password }
    })
  ).json()

const latestCode = async (subject: RegExp) =>
  codeIn((await emailsTo(mail, 'ann@example.com')).find((email) => subject.test(email.subject)))

/** What no document can know: tokens, and codes that come by email. */
const unknowable: Record<string, () => Promise<Texts>> = {
  refreshTokens: async () => ({ refresh_token: known.refresh_token ?? '' }),
  verifyEmail: async () => ({ otp: await latestCode(/^Confirm/) }),
  verifyResetCode: async () => {
    const { reset_id = '' } = known
    return { reset_id, otp: await latestCode(/reset/) }
  },
  resetPassword: async () => ({ reset_token: known.reset_token ?? '' }),
  transferProject: async () => ({ user_id: known.user_id ?? '' }),
  replayWebhook: async () => ({ since: new Date().toISOString() })
}
/** What must be there first. */
const before: Record<string, () => Promise<unknown>> = {
  endSession: async () => {
    const { access_token } = await login(PASSWORD)
    const sessions = await request({
      url: '/api/v1/auth/sessions',
      headers: { authorization: `Bearer ${access_token}` }
    })
    known.session_id = sessions.json().data.find((it: { current: boolean }) => !it.current).id
    known.access_token = access_token
  },
  verifyResetCode: () => send(find('requestPasswordReset')),
  transferProject: () => send(find('putProjectMember')),
  acceptInvitation: () => inviteOneself(),
  declineInvitation: () => inviteOneself(),
  deleteMe: async () => Object.assign(known, await login(PASSWORD))
}
async function inviteOneself(): Promise<void> {
  const invitation = await request({
    method: 'POST',
    url: `/api/v1/projects/${known.project_id}/invitations`,
    payload: { username: 'ann', role: 'viewer' },
    headers: { authorization: `Bearer ${known.access_token}` }
  })
  known.invitation_id = invitation.json().id
}
/** What must be undone, so that the next example finds what it expects. */
const after: Record<string, () => Promise<void>> = {
  register: async () => {
    await signUp('admin', 'boss')
    const carl = await signUp('user', 'carl')
    known.user_id = carl.user.id
    const expires_at = new Date(Date.now() + 86_400_000).toISOString()
    const key = { name: 'x', scopes: ['tasks:read'], expires_at }
    known.key_of_user = (await carl.post('/api/v1/me/api-keys', key)).json().id
  },
  resetPassword: () => takePasswordBack(),
  changePassword: () => takePasswordBack()
}
async function takePasswordBack(): Promise<void> {
  const { access_token } = await login(NEW_PASSWORD)
  await request({
    method: 'POST',
    url: '/api/v1/me/password',
    payload: { current_password: NEW_PASSWORD, new_password: PASSWORD },
    headers: { authorization: `Bearer ${access_token}` }
  })
  Object.assign(known, await login(PASSWORD))
}
const ID_OF: Texts = {
  createWebhook: 'webhook_id',
  pingWebhook: 'delivery_id',
  createTask: 'task_id',
  createTaskComment: 'comment_id',
  createTaskImport: 'import_id',
  createApiKey: 'key_id',
  createIpBan: 'ban_id',
  createProject: 'project_id',
  createProjectInvitation: 'invitation_id',
  createInvitation: 'invitation_id'
}
const find = (id: string): Operation =>
  operations.find(({ operation }) => operation.operationId === id) as Operation

function urlOf({ path, operation: { operationId } }: Operation): string {
  const url = path.replace(/\{(\w+)\}/g, (_, name: string) =>
    String(known[name === 'key_id' && path.includes('/users/') ? 'key_of_user' : name])
  )
  return operationId === 'deleteAllTasks' ? `${url}?confirm=all` : url
}

function bodyOf({ operation }: Operation, values: Texts) {
  const [[type = '', media] = []] = Object.entries(
    (operation.requestBody?.content ?? {}) as Record<string, Media>
  )
  const example = { ...Object.values(media?.examples ?? {})[0]?.value, ...values }
  if (type === 'multipart/form-data') {
    return CSV
  }
  if (type === 'application/x-www-form-urlencoded') {
    const payload = new URLSearchParams(example as Texts).toString()
    return { payload, headers: { 'content-type': type } }
  }
  return type === '' ? {} : { payload: example }
}

async function send(each: Operation) {
  const { operationId, security } = each.operation
  await before[operationId]?.()
  const body = bodyOf(each, (await unknowable[operationId]?.()) ?? {})
  const isPublic = security?.length === 0
  const answer = await request({
    // A stream does not end: its headers are enough here.
    method: operationId === 'streamChanges' ? 'HEAD' : (each.method as 'GET'),
    url: urlOf(each),
    ...body,
    headers: {
      ...body.headers,
      ...(!isPublic && { authorization: `Bearer ${known.access_token}` })
    }
  })
  if (/^application\/json\b(?!l)/.test(String(answer.headers['content-type']))) {
    const { id, access_token, refresh_token, reset_id, reset_token } = answer.json()
    const name = ID_OF[operationId]
    const said = { ...(name && { [name]: id }), access_token, refresh_token, reset_id, reset_token }
    Object.assign(known, Object.fromEntries(Object.entries(said).filter(([, value]) => value)))
  }
  await after[operationId]?.()
  return answer
}

const statements: string[] = []

t.test('every example of the contract works when it is sent', async (t) => {
  for (const each of operations.toSorted((a, b) => placeOf(a) - placeOf(b))) {
    const sent = await statementsDuring(database, async () => {
      const { statusCode, body } = await send(each)
      t.ok(statusCode < 300, `${each.operation.operationId}: ${statusCode} ${body.slice(0, 300)}`)
    })
    statements.push(...sent)
  }
})

t.test(
  'no operation reads owned rows without naming their owner',
  { skip: withoutStatements },
  async (t) => {
    t.ok(statements.length > operations.length)
    t.strictSame(partsWithoutOwner(statements), [])
  }
)

t.test(
  'no operation changes or locks owned rows in a way that one server alone cannot',
  { skip: withoutStatements },
  async (t) => t.strictSame(partsForSeveralServers(statements), [])
)
