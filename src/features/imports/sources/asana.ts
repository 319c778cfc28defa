import { statusOf } from '../words.ts'
import { type Source, splitTags, textOf } from './source.ts'

/** A project: a task with a date of completion is done, and others are where their section says, if it says so. */
export const asana: Source = {
  id: 'asana',
  signatures: [['taskid', 'completedat', 'name', 'section/column']],
  columns: {
    name: 'title',
    notes: 'description',
    tags: 'tags',
    priority: 'priority',
    duedate: 'due_date',
    createdat: 'created_at',
    completedat: 'completed_at',
    'section/column': 'status'
  },
  adjust(draft, cell) {
    const section = statusOf(cell('section/column'))
    const isOpen = cell('completedat').trim() === ''
    return {
      ...draft,
      status: isOpen ? openStatus(section) : 'done',
      tags: splitTags(textOf(draft, 'tags'), /,/)
    }
  }
}

/** A section called Done may hold tasks that are not. */
const openStatus = (section: string | undefined): string =>
  section === 'in_progress' ? 'in_progress' : 'todo'
