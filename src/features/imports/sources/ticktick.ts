import { findTimeZone } from '../../../lib/time-zone.ts'
import { dateOf, isTimestamp } from '../../../lib/timestamp.ts'
import { type Draft, type ReadCell, type Source, splitTags, textOf } from './source.ts'

const PRIORITIES: Record<string, string> = { 1: 'low', 3: 'medium', 5: 'high' }
const STATUSES: Record<string, string> = { 0: 'todo', 1: 'done', 2: 'done', '-1': 'done' }

/** A backup: a few lines about the file, then all tasks of all lists. */
export const ticktick: Source = {
  id: 'ticktick',
  signatures: [['listname', 'title', 'content', 'ischecklist']],
  columns: {
    title: 'title',
    content: 'description',
    tags: 'tags',
    priority: 'priority',
    status: 'status',
    duedate: 'due_date',
    createdtime: 'created_at',
    completedtime: 'completed_at'
  },
  adjust(draft, cell) {
    const priority = textOf(draft, 'priority')
    const status = textOf(draft, 'status')
    const { priority: _, ...rest } = draft
    return {
      ...rest,
      ...(priority !== '0' && priority !== '' && { priority: PRIORITIES[priority] ?? priority }),
      ...(status !== '' && { status: STATUSES[status] ?? status }),
      ...(draft.description !== undefined && {
        description: String(draft.description).replace(/\r\n?/g, '\n')
      }),
      tags: splitTags(textOf(draft, 'tags'), /,/),
      ...dueDay(draft, cell)
    }
  }
}

/** A whole day is written as the moment when it begins in the zone of the task. */
function dueDay(draft: Draft, cell: ReadCell): Draft {
  const due = textOf(draft, 'due_date')
  if (due === '' || cell('isallday').trim().toLowerCase() !== 'true') {
    return {}
  }
  const begin = due.replace(/([+-]\d{2})(\d{2})$/, '$1:$2')
  return isTimestamp(begin) ? { due_date: dayIn(Date.parse(begin), cell('timezone').trim()) } : {}
}

function dayIn(at: number, zoneName: string): string {
  const offset = findTimeZone(zoneName)?.offsetMs(at) ?? 0
  return dateOf(new Date(at + offset).toISOString())
}
