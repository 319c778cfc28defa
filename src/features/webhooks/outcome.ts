import { audit } from '../../core/audit.ts'
import { type Actor, type RequestContext, systemRequestId } from '../../core/context.ts'
import type { Deps } from '../../core/deps.ts'
import type { DeliveryAttempt } from '../../db/tables/webhooks.ts'
import { type Tx, withTransaction } from '../../db/transaction.ts'
import { notifyOwner } from '../identity/service.ts'
import {
  disableWebhook,
  type LeasedDelivery,
  noteFailure,
  noteSuccess,
  storeOutcome
} from './deliver.queries.ts'
import { MAX_ATTEMPTS_KEPT, MAX_RESPONSES_KEPT } from './delivery.schema.ts'
import { webhookDisabled } from './notices.ts'

/** Seconds from one attempt to the next: a few minutes of trouble cost little, and after three days it is given up. */
const RETRY_SECONDS = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]
/** The shares that a wait is longer at random, so that what failed together is not tried together. */
const JITTER = 0.1
/** The longest wait that a receiver can ask for. */
const MAX_RETRY_AFTER = 86_400
const FAILING_DAYS = 5
const GONE = 410

export type OutcomeDeps = Pick<Deps, 'db' | 'mail' | 'config' | 'metrics'>

/** What an attempt has come to, with what the receiver asked for. */
export interface Attempted {
  attempt: DeliveryAttempt
  retryAfter: string | undefined
}

const isSuccess = ({ status }: DeliveryAttempt): boolean =>
  status !== null && status >= 200 && status <= 299

/** Stores what an attempt has come to, and disables the webhook when its receiver is gone or has failed for days. */
export async function recordAttempt(
  deps: OutcomeDeps,
  delivery: LeasedDelivery,
  { attempt, retryAfter }: Attempted
): Promise<void> {
  const wait = isSuccess(attempt) ? null : waitAfter(delivery.attempt_count, retryAfter)
  const ended = isSuccess(attempt) ? 'succeeded' : 'failed'
  const isStored = await withTransaction(deps.db, async (tx) => {
    const isStored = await storeOutcome(tx, delivery, {
      attempts: withAttempt(delivery.attempts, attempt),
      status: wait === null ? ended : 'pending',
      retrySeconds: wait
    })
    if (isStored) {
      await noteForWebhook(tx, deps, delivery, attempt)
    }
    return isStored
  })
  if (isStored) {
    deps.metrics?.recordDelivery(wait === null ? ended : 'retried')
  }
}

/** Adds an attempt to the others. Of those before the last ones it is not kept what the receiver responded. */
const withAttempt = (before: DeliveryAttempt[], attempt: DeliveryAttempt): DeliveryAttempt[] =>
  [...before, attempt]
    .slice(-MAX_ATTEMPTS_KEPT)
    .map((it, i, { length }) => (i < length - MAX_RESPONSES_KEPT ? { ...it, response: null } : it))

async function noteForWebhook(
  tx: Tx,
  deps: OutcomeDeps,
  delivery: LeasedDelivery,
  attempt: DeliveryAttempt
): Promise<void> {
  if (isSuccess(attempt)) {
    await noteSuccess(tx, delivery)
    return
  }
  const isFailing = await noteFailure(tx, delivery, FAILING_DAYS)
  if (attempt.status === GONE) {
    await disable(tx, deps, delivery, 'receiver_gone')
  } else if (isFailing) {
    await disable(tx, deps, delivery, 'receiver_failing')
  }
}

async function disable(
  tx: Tx,
  deps: OutcomeDeps,
  delivery: LeasedDelivery,
  reason: 'receiver_gone' | 'receiver_failing'
): Promise<void> {
  const owner = await disableWebhook(tx, delivery, reason)
  if (owner) {
    const subject = { webhook: delivery.webhook_id }
    await audit.succeeded(tx, SYSTEM, 'webhook.disabled', subject, reason)
    notifyOwner(tx, deps, owner, webhookDisabled(delivery.webhook_id, reason))
  }
}

const SYSTEM: RequestContext<Actor | null> = {
  caller: null,
  requestId: systemRequestId('webhooks.deliver'),
  ip: null,
  userAgent: null
}

/** Returns the seconds until the next attempt after one that has failed; null when it was the last. */
export function waitAfter(attemptsBefore: number, retryAfter: string | undefined): number | null {
  const seconds = RETRY_SECONDS[attemptsBefore]
  if (seconds === undefined) {
    return null
  }
  return Math.max(seconds * (1 + Math.random() * JITTER), secondsOf(retryAfter))
}

/** Reads a `Retry-After` (RFC 9110, section 10.2.3): seconds or a date; 0 for anything else. */
function secondsOf(text: string | undefined): number {
  const trimmed = text?.trim() ?? ''
  const seconds = /^\d{1,10}$/.test(trimmed)
    ? Number(trimmed)
    : (Date.parse(trimmed) - Date.now()) / 1000
  return Number.isNaN(seconds) ? 0 : Math.min(Math.max(0, seconds), MAX_RETRY_AFTER)
}
