import { statusOf, unlessState } from '../words.ts'
import { isYes, type ReadCell, type RowReading, type Source, splitTags, textOf } from './source.ts'

/** What a label is followed by: the name of its colour, which is all that one without a name has. */
const COLOUR = /\(([a-z_ ]+)\)$/
/** The name of a label may have commas, and stands before its colour. */
const BETWEEN_LABELS = /(?<=\([a-z_ ]+\)),\s*/

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
  adjust: (draft, cell, { warn }) => ({
    ...draft,
    status: statusOfCard(cell),
    tags: labelsOf(textOf(draft, 'tags'), warn)
  })
}

function labelsOf(text: string, warn: RowReading['warn']): string[] {
  const labels = splitTags(text, COLOUR.test(text) ? BETWEEN_LABELS : /,/)
  return labels.map((label) => {
    const [coloured = '', colour = ''] = COLOUR.exec(label) ?? []
    const name = label.slice(0, label.length - coloured.length).trim()
    if (name !== '' && colour !== '') {
      warn('label_colours_not_kept', 'Tags have no colours: those of labels are left out.')
    }
    return name || colour
  })
}

/** A card is done when it says so, and when it has been put away. */
function statusOfCard(cell: ReadCell): string {
  const isDone = ['duecomplete', 'archived'].some((key) => isYes(cell(key)))
  return isDone ? 'done' : (statusOf(cell('listname')) ?? 'todo')
}
