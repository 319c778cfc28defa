import { statusOf, unlessState } from '../words.ts'
import { type Draft, type RowReading, type Source, splitTags, textOf } from './source.ts'

/** A project: a task with a date of completion is done, and others are where their section says, if it says so. */
export const asana: Source = {
  id: 'asana',
  signatures: [
    ['taskid', 'completedat', 'name', 'section/column'],
    ['taskid', 'createdat', 'completedat', 'lastmodified', 'name']
  ],
  columns: {
    name: 'title',
    notes: 'description',
    tags: 'tags',
    priority: 'priority',
    duedate: 'due_date',
    createdat: 'created_at',
    completedat: 'completed_at',
    'section/column': 'status',
    parenttask: 'parent_id',
    projects: 'project'
  },
  names: ['name'],
  section: 'section/column',
  sectionOf: (cell) => unlessState(cell('section/column')),
  adjust(draft, cell, { warn }) {
    const section = statusOf(cell('section/column'))
    const isOpen = cell('completedat').trim() === ''
    return {
      ...draft,
      ...firstProject(draft, warn),
      status: isOpen ? openStatus(section) : 'done',
      tags: splitTags(textOf(draft, 'tags'), /,/)
    }
  }
}

/** A task may be in several projects; it goes into the first. */
function firstProject(draft: Draft, warn: RowReading['warn']): Draft {
  const [project = '', other] = textOf(draft, 'project').split(/,\s*/)
  if (other !== undefined) {
    warn('projects_not_kept', 'Tasks that are in several projects go into the first one only.')
  }
  return project === '' ? {} : { project }
}

/** A section called Done may hold tasks that are not. */
const openStatus = (section: string | undefined): string =>
  section === 'in_progress' ? 'in_progress' : 'todo'
