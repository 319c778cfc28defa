/** What the fields and values of a task are called. */
export const STATUSES = { todo: 'To do', in_progress: 'In progress', done: 'Done' }
export const PRIORITIES = { low: 'Low', medium: 'Medium', high: 'High' }
export const FIELDS = {
  title: 'Title',
  description: 'Description',
  status: 'Status',
  priority: 'Priority',
  due_date: 'Due',
  tags: 'Tags',
  assignee_id: 'Assigned to',
  project_id: 'Project'
}

/** What a filter by status or by day is called. */
export const VIEWS = [
  ['open', 'Open'],
  ['todo', 'To do'],
  ['in_progress', 'In progress'],
  ['done', 'Done'],
  ['all', 'All']
]
export const DUE = [
  ['', 'Any time'],
  ['overdue', 'Overdue'],
  ['today', 'Due today'],
  ['week', 'Due within 7 days']
]

export const SORT_ORDERS = [
  ['created_at_desc', 'Newest first'],
  ['created_at_asc', 'Oldest first'],
  ['updated_at_desc', 'Recently changed'],
  ['updated_at_asc', 'Longest unchanged'],
  ['due_date_asc', 'Due soonest'],
  ['due_date_desc', 'Due latest'],
  ['priority_desc', 'Highest priority'],
  ['priority_asc', 'Lowest priority'],
  ['title_asc', 'Title A–Z'],
  ['title_desc', 'Title Z–A']
]
/** Everybody's tasks are sorted by times only. */
export const SORT_ORDERS_OF_ALL = SORT_ORDERS.filter(([sort]) => !/^(priority|title)_/.test(sort))
