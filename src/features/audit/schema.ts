import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { PageQuery, pageSchema } from '../../http/pagination.schema.ts'
import {
  DateOrTimestamp,
  Id,
  NO_NUL,
  NullableId,
  NullableText,
  params,
  ref,
  responseBody,
  stringEnum,
  Timestamp
} from '../../http/schemas.ts'
import { md } from '../../lib/md.ts'

const ACTION = '^[a-z_]+[.][a-z_]+$'

export const AuditOutcome = stringEnum(
  'AuditOutcome',
  ['succeeded', 'failed', 'refused'],
  'The outcome: `failed` for wrong credentials or codes, `refused` for missing rights.'
)

/** Creates the components of the audit log. It documents `actions`, which the features declare. */
export function createAuditSchemas(actions: readonly string[]) {
  const known = actions.map((action) => `\`${action}\``).join(', ')
  const AuditEvent = responseBody(
    'AuditEvent',
    {
      id: Id("The event's id."),
      action: Type.String({
        maxLength: 50,
        pattern: ACTION,
        description: md`What was done: ${known}, and the events of task history, such as
                        \`task.updated\`, except those of the rows of imports. New actions may be added.`
      }),
      outcome: ref(AuditOutcome),
      actor_id: NullableId('The user who did it; null when nobody was logged in.'),
      actor_name: NullableText(
        'The username at that time, or else the email; a pseudonym once the account is deleted.',
        254
      ),
      subject_type: NullableText(
        'The type of the subject: `user`, `session`, `api_key`, `ip_ban`, `task` or `task_import`.',
        20
      ),
      subject_id: NullableText('The id of the subject.', 200),
      detail: NullableText(
        'Details in a few words, such as the fields that changed or the operation that was refused.',
        500
      ),
      address: NullableText("The client's IP address; null once the account is deleted.", 50),
      request_id: NullableText(
        md`The id of the request, as in \`X-Request-Id\`, which the caller may have chosen, and in the log. Where no
           request is behind the event it begins with \`system:\`, which no caller can send.`,
        64
      ),
      created_at: Timestamp('When it happened.')
    },
    {
      description: md`An event of the audit log. Events are never changed, except that those of a deleted account
                      lose its name and IP addresses, and are deleted when they are too old
                      (\`AUDIT_RETENTION_DAYS\`).`,
      examples: [
        {
          id: '019f2f6e-7c1a-7ddd-8ddd-0123456789ab',
          action: 'user.role_changed',
          outcome: 'succeeded',
          actor_id: '019f2f6e-7c1a-7aaa-8aaa-0123456789ab',
          actor_name: 'ann',
          subject_type: 'user',
          subject_id: '019f2f6e-7c1a-7eee-8eee-0123456789ab',
          detail: 'user to manager',
          address: '192.0.2.7',
          request_id: 'req-1',
          created_at: '2026-01-02T03:04:05.678Z'
        }
      ]
    }
  )
  const AuditEventPage = pageSchema('AuditEventPage', AuditEvent, 'A page of the audit log.')

  return { AuditOutcome, AuditEvent, AuditEventPage }
}
export type AuditSchemas = ReturnType<typeof createAuditSchemas>
export type AuditEvent = Static<AuditSchemas['AuditEvent']>

export const AuditQuery = params({
  actor_id: Type.Optional(Id('Only what this user did.')),
  action: Type.Optional(
    Type.String({
      minLength: 3,
      maxLength: 50,
      pattern: ACTION,
      description: 'Only this action, such as `user.logged_in` or `task.deleted`.',
      'x-hint': 'must be the name of an action, such as user.logged_in'
    })
  ),
  subject_id: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 200,
      pattern: NO_NUL,
      description: 'Only events about the subject with this id.'
    })
  ),
  created_after: Type.Optional(
    DateOrTimestamp('Only events at this time or later, or from this day on (UTC).')
  ),
  created_before: Type.Optional(
    DateOrTimestamp('Only events before this time, or before the end of this day (UTC).')
  ),
  ...PageQuery
})
export type AuditQuery = Static<typeof AuditQuery>
export type AuditFilter = Omit<AuditQuery, 'limit' | 'cursor'>

const Count = (description: string) =>
  Type.Integer({ format: 'int32', minimum: 0, maximum: 2_147_483_647, description })

export const UserCounts = responseBody(
  'UserCounts',
  {
    total: Count('All accounts.'),
    user: Count('Accounts with the role `user`.'),
    manager: Count('Accounts with the role `manager`.'),
    admin: Count('Accounts with the role `admin`.'),
    disabled: Count('Accounts that are disabled.')
  },
  {
    description: 'Accounts by role.',
    examples: [{ total: 3, user: 1, manager: 1, admin: 1, disabled: 0 }]
  }
)

export const TaskCounts = responseBody(
  'TaskCounts',
  {
    total: Count('Tasks outside the trash.'),
    todo: Count('Tasks with the status `todo`.'),
    in_progress: Count('Tasks with the status `in_progress`.'),
    done: Count('Tasks with the status `done`.'),
    deleted: Count('Tasks in the trash.')
  },
  {
    description: 'Tasks of all users by status.',
    examples: [{ total: 6, todo: 4, in_progress: 1, done: 1, deleted: 0 }]
  }
)

export const DayCounts = responseBody(
  'DayCounts',
  {
    day: Type.String({ format: 'date', maxLength: 10, description: 'The day, in UTC.' }),
    users: Count('Accounts created on this day that still exist.'),
    tasks: Count('Tasks created on this day that still exist, including those in the trash.')
  },
  {
    description: 'What was created on one day.',
    examples: [{ day: '2026-01-02', users: 1, tasks: 4 }]
  }
)

export const Statistics = responseBody(
  'Statistics',
  {
    users: ref(UserCounts),
    tasks: ref(TaskCounts),
    days: Type.Array(ref(DayCounts), {
      minItems: 30,
      maxItems: 30,
      description: 'The last 30 days, today included, oldest first.'
    })
  },
  {
    description: 'Numbers of the installation.',
    examples: [
      {
        users: UserCounts.examples[0],
        tasks: TaskCounts.examples[0],
        days: Array.from({ length: 30 }, (_, i) => ({
          day: `2026-01-${String(i + 1).padStart(2, '0')}`,
          users: 0,
          tasks: i
        }))
      }
    ]
  }
)
export type Statistics = Static<typeof Statistics>

export const statisticsSchemas: TSchema[] = [UserCounts, TaskCounts, DayCounts, Statistics]
