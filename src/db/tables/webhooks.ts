import { sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uuid
} from 'drizzle-orm/pg-core'
import { now, textArray, timestamp } from '../columns.ts'
import { users } from './users.ts'

/** One attempt to deliver: what the receiver answered, or why there was no answer. */
export interface DeliveryAttempt {
  attempted_at: string
  /** The status of the response; null when there was none. */
  status: number | null
  duration_ms: number
  error: string | null
  /** The beginning of the response, at most 1 KiB. */
  response: string | null
  /** True when the body would have been too large with the resource. */
  data_omitted: boolean
}

/** A change as the feed has it, without the resource, which is read for each attempt. */
export type DeliveredChange = Record<string, unknown>

/** Where changes are sent to, owned. The row is also the job that turns changes into deliveries. */
export const webhooks = pgTable(
  'webhooks',
  {
    owner_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    id: uuid().notNull(),
    url: text().notNull(),
    /** What is sent; everything when it is empty. */
    types: textArray().notNull(),
    project_id: uuid(),
    description: text(),
    enabled: boolean().notNull().default(true),
    disabled_reason: text(),
    /** Encrypted: the database alone signs nothing. */
    secret: text().notNull(),
    previous_secret: text(),
    previous_secret_until: timestamp(),
    version: integer().notNull().default(1),
    created_at: timestamp().notNull().default(now),
    updated_at: timestamp().notNull().default(now),
    /** The last change that deliveries were made of. */
    position: bigint({ mode: 'bigint' }).notNull(),
    change_id: uuid().notNull(),
    /** What happened earlier is not delivered: set by a replay of what has happened since a time. */
    not_before: timestamp(),
    /** Until when a worker makes deliveries of changes; in the past, when one last did. */
    leased_until: timestamp(),
    /** Since when every attempt has failed; null after a success. */
    failing_since: timestamp()
  },
  (t) => [
    primaryKey({ columns: [t.owner_id, t.id] }),
    index('webhooks_id').on(t.id),
    index('webhooks_enabled').on(t.id).where(sql`${t.enabled}`)
  ]
)

/** What is sent to webhooks: a row for each change, kept for thirty days. */
export const webhookDeliveries = pgTable(
  'webhook_deliveries',
  {
    owner_id: uuid().notNull(),
    webhook_id: uuid().notNull(),
    id: uuid().notNull(),
    change_id: uuid().notNull(),
    type: text().notNull(),
    change: jsonb().$type<DeliveredChange>().notNull(),
    status: text().$type<'pending' | 'succeeded' | 'failed'>().notNull().default('pending'),
    attempts: jsonb().$type<DeliveryAttempt[]>().notNull().default([]),
    attempt_count: integer().notNull().default(0),
    created_at: timestamp().notNull().default(now),
    /** Null when it is finished. During an attempt the end of its lease, when another worker may try. */
    next_attempt_at: timestamp(),
    /** Set during an attempt. */
    leased_until: timestamp(),
    finished_at: timestamp()
  },
  (t) => [
    primaryKey({ columns: [t.owner_id, t.webhook_id, t.id] }),
    foreignKey({
      columns: [t.owner_id, t.webhook_id],
      foreignColumns: [webhooks.owner_id, webhooks.id]
    }).onDelete('cascade'),
    // A change is delivered once, unless somebody asks for it again.
    index('webhook_deliveries_change').on(t.owner_id, t.webhook_id, t.change_id),
    index('webhook_deliveries_created').on(t.created_at),
    index('webhook_deliveries_due')
      .on(t.next_attempt_at)
      .where(sql`${t.next_attempt_at} is not null`),
    index('webhook_deliveries_waiting')
      .on(t.owner_id, t.webhook_id, t.next_attempt_at)
      .where(sql`${t.next_attempt_at} is not null`),
    index('webhook_deliveries_leased')
      .on(t.owner_id, t.webhook_id)
      .where(sql`${t.leased_until} is not null`)
  ]
)
