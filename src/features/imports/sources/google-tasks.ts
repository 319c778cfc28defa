import { isYes, type Source, withCompletion } from './source.ts'

/** Tasks by the names of Google's interface, which tools for it export; Google itself exports no table. */
export const googleTasks: Source = {
  id: 'google_tasks',
  signatures: [
    ['title', 'notes', 'status', 'due', 'completed'],
    ['title', 'notes', 'status', 'due', 'updated'],
    ['title', 'notes', 'status', 'due', 'position'],
    ['tasklist', 'title', 'notes', 'status']
  ],
  columns: {
    title: 'title',
    notes: 'description',
    status: 'status',
    due: 'due_date',
    completed: 'completed_at',
    parent: 'parent_id',
    tasklist: 'project'
  },
  /** Google keeps the day only, as midnight in UTC, and tasks that are deleted for a while. */
  isDueOnDays: true,
  adjust: (draft, cell) => (isYes(cell('deleted')) ? undefined : withCompletion(draft))
}
