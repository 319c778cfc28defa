import { statusOf, unlessState } from '../words.ts'
import { type ReadCell, type Source, splitTags, textOf } from './source.ts'

/** What a label is followed by: the name of its colour. */
const COLOUR = /\([a-z_ ]+\)$/

/** A board: the list of a card is its state, or else what its users would search for. */
export const trello: Source = {
  id: 'trello',
  signatures: [['cardid', 'cardname', 'listname']],
  columns: {
    cardname: 'title',
    carddescription: 'description',
    labels: 'tags',
    duedate: 'due_date',
    duecomplete: 'status',
    archived: 'status',
    listname: 'status',
    boardname: 'project'
  },
  section: 'listname',
  sectionOf: (cell) => unlessState(cell('listname')),
  adjust: (draft, cell) => ({
    ...draft,
    status: statusOfCard(cell),
    tags: splitTags(textOf(draft, 'tags'), /,/)
      .map((label) => label.replace(COLOUR, '').trim())
      .filter(Boolean)
  })
}

/** A card is done when it says so, and when it has been put away. */
function statusOfCard(cell: ReadCell): string {
  const isDone = ['duecomplete', 'archived'].some(
    (key) => cell(key).trim().toLowerCase() === 'true'
  )
  return isDone ? 'done' : (statusOf(cell('listname')) ?? 'todo')
}
