import { isoDate, slashedDate } from '../dates.ts'
import { type Draft, type ReadCell, type RowReading, type Source, textOf } from './source.ts'

/** 1 is the highest in a file, although it is the lowest in their API. */
const PRIORITIES = new Map([
  ['1', 'high'],
  ['2', 'high'],
  ['3', 'medium'],
  ['4', 'low']
])
const LABEL = /(^|\s)@([^\s@|]+)/g

/** A project as a template: tasks, sections and comments in one list; labels are words in the title. */
export const todoist: Source = {
  id: 'todoist',
  signatures: [['type', 'content', 'priority', 'indent']],
  columns: {
    content: 'title',
    description: 'description',
    priority: 'priority',
    date: 'due_date',
    deadline: 'due_date',
    indent: 'parent_id'
  },
  zone: 'timezone',
  sectionOf: (cell, above) => (typeOf(cell) === 'section' ? cell('content') : above),
  commentsOf: (cell) =>
    typeOf(cell) === 'note'
      ? [{ body: cell('content'), author: nameOf(cell('author')), at: cell('date') }]
      : [],
  levelOf: (cell) =>
    isTask(cell) ? Math.max(1, Number.parseInt(cell('indent'), 10) || 1) : undefined,
  adjust(draft, cell, { warn }) {
    if (!isTask(cell)) {
      return undefined
    }
    const { due_date: _, parent_id, ...rest } = draft
    return {
      ...rest,
      ...titleOf(textOf(draft, 'title')),
      ...priorityOf(draft),
      ...dueOf(cell, warn)
    }
  }
}

/** A task that is called by nothing but labels keeps them as its title. */
function titleOf(content: string): Draft {
  const labels = [...content.matchAll(LABEL)].map(([, , label]) => label as string)
  const title = content.replace(LABEL, '').trim()
  return { ...(labels.length > 0 && { title: title || content }), tags: labels }
}

/** People have their number behind their name. */
const nameOf = (author: string): string => author.replace(/\s*\(\d+\)\s*$/, '')
const typeOf = (cell: ReadCell): string => cell('type').trim().toLowerCase()
const isTask = (cell: ReadCell): boolean => typeOf(cell) === 'task'

function priorityOf(draft: Draft): Draft {
  const priority = textOf(draft, 'priority')
  return priority === '' ? {} : { priority: PRIORITIES.get(priority) ?? priority }
}

/** A date may be words such as "every saturday", which are no date of ours: the row is a task all the same. */
function dueOf(cell: ReadCell, warn: RowReading['warn']): Draft {
  const texts = [cell('date').trim(), cell('deadline').trim()].filter(Boolean)
  const [due_date, deadline] = texts.filter(isOneDay)
  if (deadline !== undefined && deadline !== due_date) {
    warn(
      'deadlines_not_kept',
      'Tasks that have a date and a deadline are due on the date; their deadlines are left out.'
    )
  }
  const words = texts.find((text) => !isOneDay(text))
  if (words !== undefined) {
    warn(
      'date_not_kept',
      `“${words.slice(0, 50)}” is not one day; tasks with such words have no due date of it.`
    )
  }
  return due_date === undefined ? {} : { due_date }
}

const isOneDay = (text: string): boolean =>
  /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}[^ ]*)?$/.test(isoDate(text)) || slashedDate(text) !== undefined
