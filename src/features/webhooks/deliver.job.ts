import type { Logger } from 'pino'
import type { Deps } from '../../core/deps.ts'
import type { Job } from '../../core/job-runner.ts'
import { type LeasedDelivery, leaseDue, releaseAll, releaseDelivery } from './deliver.queries.ts'
import { InFlight, MAX_OF_OWNER } from './in-flight.ts'
import { type Attempted, type OutcomeDeps, recordAttempt } from './outcome.ts'
import { ownerContext } from './owner-context.ts'
import { type DeliveryBody, readBodies } from './payload.ts'
import { createSecretBox, type SecretBox } from './secrets.ts'
import { createSend, type Send } from './send.ts'
import { createTargetRules } from './target.ts'

const NAME = 'webhooks.deliver'
/** Leased at once: their changes are read together. */
const MAX_LEASED = 50

export interface DeliverOptions extends OutcomeDeps, Pick<Deps, 'secrets'> {
  log: Pick<Logger, 'error'>
}

interface Deliverer extends DeliverOptions {
  secretBox: SecretBox
  send: Send
  inFlight: InFlight
}

/**
 * Delivers what is due. One worker of each process starts the attempts and waits for none of them before it starts
 * others; when the process is asked to stop, it waits a little for those in flight.
 */
export function deliverJob(options: DeliverOptions): Job {
  const { db, config, secrets } = options
  const inFlight = new InFlight()
  const secretBox = createSecretBox(secrets)
  const deliverer = { ...options, inFlight, secretBox, send: createSend(createTargetRules(config)) }
  // What the process before this one had leased is free: no other uses the embedded database.
  let isFirst = config.DATABASE_URL === undefined
  return {
    name: NAME,
    concurrency: 1,
    async runOnce(isStopping) {
      if (isFirst) {
        await releaseAll(db)
        isFirst = false
      }
      return startNext(deliverer, isStopping)
    },
    stop: () => inFlight.finish()
  }
}

/** Starts attempts, or waits while some are in flight until others can be started; returns whether any were. */
async function startNext(deliverer: Deliverer, isStopping: () => boolean): Promise<boolean> {
  const { inFlight } = deliverer
  while (!isStopping()) {
    if ((await startDue(deliverer)) > 0) {
      return true
    }
    if (inFlight.isEmpty) {
      return false
    }
    await inFlight.oneLess()
  }
  return false
}

/** Starts the attempts that are due, as many as there is room for; returns how many. */
async function startDue(deliverer: Deliverer): Promise<number> {
  const { db, inFlight } = deliverer
  const limit = Math.min(inFlight.free, MAX_LEASED)
  if (limit === 0) {
    return 0
  }
  const leased = await leaseDue(db, {
    limit,
    perOwner: MAX_OF_OWNER,
    inFlight: inFlight.countByOwner()
  })
  for (const [ownerId, deliveries] of Map.groupBy(leased, ({ owner_id }) => owner_id)) {
    const bodies = readBodies(db, ownerContext(deliveries[0] as LeasedDelivery, NAME), deliveries)
    for (const delivery of deliveries) {
      inFlight.add(ownerId, attempt(deliverer, delivery, bodies))
    }
  }
  return leased.length
}

/** Makes one attempt and stores what came of it. An error is logged: when the lease has ended, it is tried again. */
async function attempt(
  deliverer: Deliverer,
  delivery: LeasedDelivery,
  bodies: Promise<Map<string, DeliveryBody>>
): Promise<void> {
  const { db, log, inFlight } = deliverer
  try {
    const body = (await bodies).get(delivery.id) as DeliveryBody
    await recordAttempt(deliverer, delivery, await post(deliverer, delivery, body))
  } catch (err) {
    if (inFlight.stopped.aborted) {
      await releaseDelivery(db, delivery).catch(() => {})
    } else {
      log.error({ err, delivery_id: delivery.id }, 'a delivery could not be attempted')
    }
  }
}

async function post(
  { secretBox, send, inFlight }: Deliverer,
  delivery: LeasedDelivery,
  { text, isDataOmitted }: DeliveryBody
): Promise<Attempted> {
  const attempted_at = new Date().toISOString()
  const startedAt = performance.now()
  const { webhook_id: id, change_id, url } = delivery
  const signed = secretBox.sign({ ...delivery, id }, change_id, text)
  const { status, error, response, retryAfter } = signed
    ? await send(url, { ...HEADERS, ...signed }, text, inFlight.stopped)
    : UNSIGNED
  const attempt = {
    attempted_at,
    status,
    duration_ms: Math.round(performance.now() - startedAt),
    error: error ?? reasonOf(status),
    response,
    data_omitted: isDataOmitted
  }
  return { attempt, retryAfter }
}

const HEADERS = {
  'content-type': 'application/json; charset=utf-8',
  'user-agent': 'Tasklane-Webhooks/1',
  accept: '*/*'
}
const UNSIGNED = {
  status: null,
  error: 'The secret of the webhook cannot be read any more. Replace it with rotate-secret.',
  response: null,
  retryAfter: undefined
}

/** Says why a response is a failure; null for a success. */
function reasonOf(status: number | null): string | null {
  if (status === null || (status >= 200 && status <= 299)) {
    return null
  }
  return status >= 300 && status <= 399
    ? `The receiver responded with ${status}; redirects are not followed.`
    : `The receiver responded with ${status}.`
}
