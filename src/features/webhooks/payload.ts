import type { RequestContext } from '../../core/context.ts'
import type { Db } from '../../db/client.ts'
import type { DeliveredChange } from '../../db/tables/webhooks.ts'
import { type ChangeFacts, withResources } from '../changes/service.ts'
import type { LeasedDelivery } from './deliver.queries.ts'
import { PING } from './delivery.schema.ts'

const MAX_BODY_BYTES = 262_144

/** What an attempt sends. */
export interface DeliveryBody {
  text: string
  isDataOmitted: boolean
}

/** Returns what is stored of a change for its deliveries: what is null, or in a column of its own, is left out. */
export const storedChange = ({
  id: _id,
  type: _type,
  position: _position,
  ...facts
}: ChangeFacts): DeliveredChange =>
  Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== null))

const changeOf = ({ change_id, type, change }: LeasedDelivery): ChangeFacts => ({
  ...NOTHING,
  ...(change as Partial<ChangeFacts>),
  id: change_id,
  type: type as ChangeFacts['type'],
  position: '0'
})

const NOTHING = {
  occurred_at: '',
  actor_id: null,
  request_id: null,
  project_id: null,
  resource_type: 'task',
  resource_id: '',
  task_id: null,
  version: null,
  changed_fields: []
} as const satisfies Partial<ChangeFacts>

/** Returns the bodies of deliveries to one owner, with the resources as the owner sees them now. */
export async function readBodies(
  db: Db,
  ctx: RequestContext,
  deliveries: LeasedDelivery[]
): Promise<Map<string, DeliveryBody>> {
  const [pings, others] = [
    deliveries.filter(({ type }) => type === PING),
    deliveries.filter(({ type }) => type !== PING)
  ]
  const changes = others.length === 0 ? [] : await withResources(db, ctx, others.map(changeOf))
  return new Map([
    ...pings.map(({ id, change }) => [id, whole(JSON.stringify(change))] as const),
    ...others.map(({ id }, i) => {
      const { json, change } = changes[i] as (typeof changes)[number]
      return [id, bounded(json, { ...change, data: null })] as const
    })
  ])
}

const whole = (text: string): DeliveryBody => ({ text, isDataOmitted: false })

/** Returns a text, or the same without the resource where it would be too large. */
export const bounded = (text: string, withoutData: object): DeliveryBody =>
  Buffer.byteLength(text) <= MAX_BODY_BYTES
    ? whole(text)
    : { text: JSON.stringify(withoutData), isDataOmitted: true }
