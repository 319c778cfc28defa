import { audit } from '../../core/audit.ts'
import type { RequestContext } from '../../core/context.ts'
import { invalidField, Problem, staleVersionProblem } from '../../core/problem.ts'
import type { Db } from '../../db/client.ts'
import { type Tx, withTransaction } from '../../db/transaction.ts'
import { newId } from '../../lib/uuid.ts'
import { readProjectStates, roleIn } from '../project-access/service.ts'
import {
  countUnderLock,
  deleteWebhook,
  findWebhook,
  insertWebhook,
  lockWebhook,
  replaceSecret,
  updateWebhook,
  type WebhookChange
} from './queries.ts'
import {
  MAX_WEBHOOKS,
  type Webhook,
  type WebhookCreate,
  type WebhookUpdate,
  type WebhookWithSecret
} from './schema.ts'
import type { SecretBox } from './secrets.ts'
import type { TargetRules } from './target.ts'

/** How long a secret that was replaced goes on signing. */
const ROTATION_HOURS = 24

export interface WebhookDeps {
  db: Db
  secretBox: SecretBox
  targets: TargetRules
}
/** The versions that a conditional write accepts; undefined means any. */
type Versions = number[] | undefined

/** Creates a webhook in the caller's transaction. The secret is in the response and nowhere else. */
export async function createWebhook(
  tx: Tx,
  ctx: RequestContext,
  { secretBox, targets }: WebhookDeps,
  { url, types = [], project_id = null, description = null, enabled = true }: WebhookCreate
): Promise<WebhookWithSecret> {
  const owner_id = ctx.caller.id
  assertReachable(targets, url)
  await assertProject(tx, ctx, project_id)
  if ((await countUnderLock(tx, owner_id)) >= MAX_WEBHOOKS) {
    throw new Problem('quota_exceeded', {
      detail: `You have ${MAX_WEBHOOKS} webhooks. Delete one that you no longer need.`
    })
  }
  const id = newId()
  const { clear, sealed } = secretBox.generate({ owner_id, id })
  const created = await insertWebhook(tx, {
    owner_id,
    id,
    url,
    types: [...new Set(types)],
    project_id: project_id?.toLowerCase() ?? null,
    description: description?.trim() ?? null,
    enabled,
    secret: sealed
  })
  await audit.succeeded(tx, ctx, 'webhook.created', { webhook: id })
  return { ...created, secret: clear }
}

function assertReachable(targets: TargetRules, url: string): void {
  const fault = targets.findFault(url)
  if (fault) {
    throw fault
  }
}

async function assertProject(
  tx: Tx,
  { caller }: RequestContext,
  projectId: string | null | undefined
): Promise<void> {
  if (projectId == null) {
    return
  }
  const id = projectId.toLowerCase()
  const project = (await readProjectStates(tx, caller, [id])).get(id)
  if (project?.deleted_at !== null || roleIn(caller, project) === undefined) {
    const detail = 'project_id is not the id of a project that you can see.'
    throw invalidField('body', '/project_id', 'unknown_project', detail)
  }
}

/** Returns one of the caller's webhooks. */
export async function readWebhook(
  db: Db,
  { caller }: RequestContext,
  id: string
): Promise<Webhook> {
  return existing(await findWebhook(db, caller.id, id))
}

/** Returns one of the caller's webhooks, which nobody changes until the transaction ends. */
export const lockOwn = async (tx: Tx, { caller }: RequestContext, id: string) =>
  existing(await lockWebhook(tx, caller.id, id))

/** Throws for a webhook that sends nothing. */
export function assertEnabled({ enabled }: Webhook): void {
  if (!enabled) {
    throw new Problem('webhook_disabled', {
      detail: 'The webhook is disabled. Set enabled to true first.'
    })
  }
}

function existing<T>(webhook: T | undefined): T {
  if (webhook === undefined) {
    throw new Problem('not_found')
  }
  return webhook
}

/** Changes a webhook; when nothing differs, nothing is written. */
export const changeWebhook = (
  { db, targets }: WebhookDeps,
  ctx: RequestContext,
  id: string,
  versions: Versions,
  update: WebhookUpdate
): Promise<Webhook> =>
  withTransaction(db, async (tx) => {
    const before = await lockOwn(tx, ctx, id)
    checkVersion(before, versions)
    const change = differencesFrom(before, update)
    if (change.url !== undefined) {
      assertReachable(targets, change.url)
    }
    await assertProject(tx, ctx, change.project_id)
    const fields = Object.keys(change)
    if (fields.length === 0) {
      return before
    }
    await audit.succeeded(tx, ctx, 'webhook.updated', { webhook: id }, fields.join(', '))
    return updateWebhook(tx, ctx.caller.id, id, { ...change, ...consequencesOf(change) })
  })

/** Another receiver, or one that is tried again, has not failed yet. */
const consequencesOf = ({ url, enabled }: WebhookChange): WebhookChange => ({
  ...((url !== undefined || enabled) && { failing_since: null }),
  ...(enabled && { disabled_reason: null })
})

function differencesFrom(before: Webhook, update: WebhookUpdate): WebhookChange {
  const { url, types, project_id, description, enabled } = update
  const wanted: WebhookChange = {
    ...(url !== undefined && { url }),
    ...(types !== undefined && { types: [...new Set(types)] }),
    ...(project_id !== undefined && { project_id: project_id?.toLowerCase() ?? null }),
    ...(description !== undefined && { description: description?.trim() ?? null }),
    ...(enabled !== undefined && { enabled })
  }
  const differs = ([name, value]: [string, unknown]) =>
    JSON.stringify(value) !== JSON.stringify(before[name as keyof Webhook])
  return Object.fromEntries(Object.entries(wanted).filter(differs))
}

/** Deletes a webhook with its deliveries. */
export const removeWebhook = (
  { db }: WebhookDeps,
  ctx: RequestContext,
  id: string,
  versions: Versions
): Promise<void> =>
  withTransaction(db, async (tx) => {
    checkVersion(await lockOwn(tx, ctx, id), versions)
    await deleteWebhook(tx, ctx.caller.id, id)
    await audit.succeeded(tx, ctx, 'webhook.deleted', { webhook: id })
  })

/** Gives a webhook a new secret; the one before goes on signing for a day, also when this is done twice within it. */
export const rotateSecret = (
  { db, secretBox }: WebhookDeps,
  ctx: RequestContext,
  id: string
): Promise<WebhookWithSecret> =>
  withTransaction(db, async (tx) => {
    const { previous_secret_until } = await lockOwn(tx, ctx, id)
    // After a lost response receivers know the secret that was replaced first, not the one before this one.
    const hours = previous_secret_until === null ? ROTATION_HOURS : undefined
    const owner_id = ctx.caller.id
    const { clear, sealed } = secretBox.generate({ owner_id, id })
    const rotated = await replaceSecret(tx, owner_id, id, { secret: sealed, hours })
    await audit.succeeded(tx, ctx, 'webhook.secret_rotated', { webhook: id })
    return { ...rotated, secret: clear }
  })

function checkVersion({ version }: Webhook, versions: Versions): void {
  if (versions !== undefined && !versions.includes(version)) {
    throw staleVersionProblem(version)
  }
}
