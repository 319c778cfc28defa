/** Runs the committed Postman collection with newman, from top to bottom, against a new server. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startTasklane } from '../test/support/server.ts'
import { nodeTool, ROOT } from '../test/support/tools.ts'

interface Item {
  id: string
  item?: Item[]
}
interface Collection {
  item: Item[]
}
interface Execution {
  item: { id: string }
  response?: { code: number }
  assertions?: { assertion: string; error?: { message: string } }[]
  requestError?: { message: string }
}

/** These end what the others need. */
const LAST = [
  'deleteTask',
  'restoreTask',
  'deleteAllTasks',
  'endSession',
  'endOtherSessions',
  'endUserSessions',
  'logout',
  'deleteMe'
]
/** What cannot succeed with examples alone; the contract names the answer all the same. */
const REFUSED: Record<string, string> = {
  verifyEmail: 'needs the code of an email',
  verifyResetCode: 'needs the code of an email',
  resetPassword: 'needs the token that such a code is exchanged for',
  getUser: 'needs the id of a user',
  updateUser: 'needs the id of a user',
  resetUserPassword: 'needs the id of a user',
  deleteUser: 'needs the id of a user',
  endUserSessions: 'needs the id of a user',
  listUserApiKeys: 'needs the id of a user',
  revokeUserApiKeys: 'needs the id of a user',
  revokeUserApiKey: 'needs the id of a user',
  putProjectMember: 'needs the id of a user',
  transferProject: 'needs the id of a user',
  removeProjectMember: 'needs the id of a user',
  acceptInvitation: 'needs an invitation by somebody else',
  declineInvitation: 'needs an invitation by somebody else',
  deleteProjectInvitation: 'comes after the project has been deleted',
  endSession: 'needs the id of a session',
  deleteMe: 'comes after the logout',
  getWebhookDelivery: 'needs the id of a delivery',
  repeatDelivery: 'needs the id of a delivery',
  replayWebhook: 'begins with a time of long ago',
  cancelTaskImport: 'comes after the import has ended, or before'
}

const collection: Collection = JSON.parse(
  readFileSync(join(ROOT, 'openapi/postman_collection.json'), 'utf8')
)
/** newman waits for the end of each response. */
const ENDLESS = ['streamChanges']
const requests = collection.item
  .flatMap(({ item = [] }) => item)
  .filter(({ id }) => !ENDLESS.includes(id))
const inOrder = [
  ...requests.filter(({ id }) => !LAST.includes(id)),
  ...LAST.map((id) => requests.find((request) => request.id === id) as Item)
]

const { url, folder, stop } = await startTasklane()
writeFileSync(join(folder, 'collection.json'), JSON.stringify({ ...collection, item: inOrder }))
writeFileSync(join(folder, 'tasks.csv'), 'title,tags\nPaint the door,home\n')
const newman = spawn(
  nodeTool('newman'),
  [
    'run',
    'collection.json',
    '--env-var',
    `baseUrl=${url}`,
    '--working-dir',
    folder,
    '--reporters',
    'json',
    '--reporter-json-export',
    'run.json'
  ],
  {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, NODE_NO_WARNINGS: '1' }
  }
)
await once(newman, 'close')
const executions: Execution[] = JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')).run
  .executions
await stop()

const faults = executions.flatMap(({ item: { id }, response, requestError, assertions = [] }) => [
  ...(requestError ? [`${id}: ${requestError.message}`] : []),
  ...assertions.flatMap(({ assertion, error }) =>
    error ? [`${id}: ${assertion}: ${error.message}`] : []
  ),
  ...(assertions.length === 0 ? [`${id}: nothing was asserted`] : []),
  ...(response && response.code >= 300 && !REFUSED[id]
    ? [`${id}: ${response.code}, although the collection has all it needs`]
    : [])
])
if (executions.length !== requests.length) {
  faults.push(`${executions.length} of ${requests.length} requests were sent`)
}
const succeeded = executions.filter(({ response }) => (response?.code ?? 500) < 300).length
for (const fault of faults) {
  console.log(`FAILED  ${fault}`)
}
console.log(
  `newman sent ${executions.length} requests: ${succeeded} succeeded, ` +
    `${executions.length - succeeded} got a documented problem, ${faults.length} faults.`
)
process.exit(faults.length === 0 ? 0 : 1)
