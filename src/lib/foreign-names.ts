/** Names and values of other task services, and what they are called here. */

/** Foreign names by what they mean. Of several meanings, the first counts whose field the schema in question has. */
const MEANINGS: [meaning: string, names: string][] = [
  ['completed', 'completion complete is_completed is_complete done is_done checked due_complete'],
  [
    'status: "done"',
    'completion completed complete is_completed is_complete done is_done checked finished due_complete'
  ],
  ['id', 'task_id uuid guid'],
  ['title', 'name text task content subject summary task_name heading'],
  ['description', 'body text notes note details detail content memo desc'],
  ['due_date', 'due deadline due_at due_on due_datetime due_string end_date'],
  ['tags', 'labels label categories category tag_list label_ids id_labels'],
  ['tag', 'tags labels label category'],
  ['status', 'state stage column list'],
  ['owner_id', 'user_id user owner userid author_id created_by_id'],
  [
    'assignee_id',
    'user_id assignee assigned_to assigned_to_id assigned_user_id responsible id_members'
  ],
  ['q', 'search query keyword keywords search_term filter title text name'],
  ['created_after', 'after since from start start_date from_date'],
  ['created_before', 'before until to end end_date to_date'],
  ['after_id', 'after previous_id prev_id previous predecessor_id insert_after'],
  ['before_id', 'before next_id next successor_id insert_before'],
  ['limit', 'per_page page_size size count take max_results top first'],
  ['cursor', 'page offset skip start_at page_token next starting_after continuation'],
  ['sort', 'order order_by orderby sort_by sortby ordering direction'],
  ['name', 'full_name fullname display_name first_name last_name'],
  ['username', 'login user_name user nickname handle'],
  ['email', 'mail e_mail email_address'],
  ['otp', 'code pin one_time_code verification_code'],
  ['password', 'pass passwd pwd password1'],
  ['new_password', 'password newpassword password1'],
  ['current_password', 'old_password oldpassword'],
  ['refresh_token', 'token refresh refreshtoken'],
  ['url', 'target_url hook_url callback_url payload_url endpoint target callback config address'],
  ['types', 'events event event_types enabled_events event_filters type'],
  ['enabled', 'active is_active status']
]

const fieldOf = (meaning: string): string => meaning.split(':', 1)[0] as string

const meaningsByName = new Map<string, string[]>()
for (const [meaning, names] of MEANINGS) {
  for (const name of names.split(' ')) {
    meaningsByName.set(name, [...(meaningsByName.get(name) ?? []), meaning])
  }
}

/** `dueDate`, `due-date` and `DUE_DATE` are one name. */
export const inSnakeCase = (name: string): string =>
  name
    .slice(0, 64)
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .replace(/[\s-]+/g, '_')
    .toLowerCase()

/** Returns what to write instead of another service's name, in terms of the known fields; undefined if unheard of. */
export const translateName = (name: string, known: readonly string[]): string | undefined =>
  meaningsByName.get(inSnakeCase(name))?.find((meaning) => known.includes(fieldOf(meaning)))

/** Foreign values of `status` and `priority`. */
const VALUES = new Map(
  Object.entries({
    todo: 'pending open new backlog not_started to_do queued waiting needs_action needsaction incomplete active false',
    in_progress: 'in_progress inprogress doing started working wip ongoing',
    done: 'completed complete finished closed resolved true archived',
    high: 'urgent critical highest important asap p0 p1',
    medium: 'normal med default moderate p2',
    low: 'lowest minor trivial none p3 p4'
  }).flatMap(([value, names]) => names.split(' ').map((name) => [name, value] as const))
)

/** Returns the value that another service's word means, if it is one of the allowed; undefined otherwise. */
export function translateValue(word: string, allowed: readonly unknown[]): string | undefined {
  const value = VALUES.get(inSnakeCase(word))
  return value !== undefined && allowed.includes(value) ? value : undefined
}
