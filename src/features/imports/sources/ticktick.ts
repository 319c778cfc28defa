import { dateOf, isTimestamp } from '../../../lib/timestamp.ts'
import {
  type Draft,
  isYes,
  type ReadCell,
  type RowReading,
  type Source,
  splitTags,
  textOf
} from './source.ts'

const PRIORITIES = new Map([
  ['1', 'low'],
  ['3', 'medium'],
  ['5', 'high']
])
const STATUSES = new Map([
  ['0', 'todo'],
  ['1', 'done'],
  ['2', 'done'],
  ['-1', 'done']
])

/** A backup: a few lines about the file, then all tasks of all lists. */
export const ticktick: Source = {
  id: 'ticktick',
  signatures: [
    ['listname', 'title', 'content', 'ischecklist'],
    ['foldername', 'listname', 'title']
  ],
  columns: {
    title: 'title',
    content: 'description',
    tags: 'tags',
    priority: 'priority',
    status: 'status',
    duedate: 'due_date',
    createdtime: 'created_at',
    completedtime: 'completed_at',
    parentid: 'parent_id',
    listname: 'project'
  },
  names: ['taskid'],
  zone: 'timezone',
  section: 'columnname',
  sectionOf: (cell) => cell('columnname'),
  adjust(draft, cell, reading) {
    const priority = textOf(draft, 'priority')
    const status = textOf(draft, 'status')
    const { priority: _, ...rest } = draft
    return {
      ...rest,
      ...(priority !== '0' &&
        priority !== '' && { priority: PRIORITIES.get(priority) ?? priority }),
      ...(status !== '' && { status: STATUSES.get(status) ?? status }),
      ...(draft.description !== undefined && {
        description: String(draft.description).replace(/\r\n?/g, '\n')
      }),
      tags: splitTags(textOf(draft, 'tags'), /,/),
      ...dueDay(draft, cell, reading)
    }
  }
}

/** A whole day is written as the moment when it begins in the zone of the task. */
function dueDay(draft: Draft, cell: ReadCell, reading: RowReading): Draft {
  const due = textOf(draft, 'due_date')
  if (due === '' || !isYes(cell('isallday'))) {
    return {}
  }
  const begin = due.replace(/([+-]\d{2})(\d{2})$/, '$1:$2')
  return isTimestamp(begin) ? { due_date: dayIn(Date.parse(begin), reading) } : {}
}

function dayIn(at: number, { zone, warn }: RowReading): string {
  if (!zone) {
    warn(
      'time_zone_assumed',
      'Whole days without a time zone are read as days in UTC; time_zone says otherwise.'
    )
  }
  return dateOf(new Date(at + (zone?.offsetMs(at) ?? 0)).toISOString())
}
