import { type Source, splitTags, textOf, withCompletion } from './source.ts'

/** Outlook writes the dates that are not set as this word, in the language of the user. */
const NO_DATE = /^(none|keine angabe|aucun|aucune)$/i
const withoutNone = (text: string): string => (NO_DATE.test(text) ? '' : text)

/** The tasks folder as CSV, in English, German or French. */
export const outlook: Source = {
  id: 'outlook',
  signatures: [
    ['subject', 'startdate', 'duedate', 'status'],
    ['subject', 'duedate', 'datecompleted'],
    ['betreff', 'beginntam', 'fälligam'],
    ['betreff', 'fälligam', 'status'],
    ['objet', 'échéance', 'statut']
  ],
  columns: {
    subject: 'title',
    notes: 'description',
    categories: 'tags',
    priority: 'priority',
    status: 'status',
    duedate: 'due_date',
    datecompleted: 'completed_at',
    betreff: 'title',
    notizen: 'description',
    kategorien: 'tags',
    priorität: 'priority',
    fälligam: 'due_date',
    erledigtam: 'completed_at',
    objet: 'title',
    catégories: 'tags',
    priorité: 'priority',
    statut: 'status',
    échéance: 'due_date',
    datedefin: 'completed_at'
  },
  adjust(draft) {
    return {
      ...draft,
      due_date: withoutNone(textOf(draft, 'due_date')),
      completed_at: withoutNone(textOf(draft, 'completed_at')),
      tags: splitTags(textOf(draft, 'tags'), /[;,]/)
    }
  }
}

const withSplitTags: Source['adjust'] = (draft) => ({
  ...withCompletion(draft),
  tags: splitTags(textOf(draft, 'tags'), /[;,]/)
})

/** A plan, saved from Excel as CSV. */
export const planner: Source = {
  id: 'planner',
  signatures: [
    ['taskname', 'bucketname', 'progress'],
    ['taskid', 'taskname', 'progress', 'duedate']
  ],
  columns: {
    taskname: 'title',
    description: 'description',
    notes: 'description',
    labels: 'tags',
    priority: 'priority',
    progress: 'status',
    duedate: 'due_date',
    createddate: 'created_at',
    completeddate: 'completed_at'
  },
  section: 'bucketname',
  sectionOf: (cell) => cell('bucketname'),
  adjust: withSplitTags
}

/** Tasks of Microsoft To Do by the names of their interface, which tools for it export. */
export const microsoftToDo: Source = {
  id: 'microsoft_to_do',
  signatures: [
    ['title', 'status', 'importance'],
    ['subject', 'status', 'importance', 'duedatetime']
  ],
  columns: {
    title: 'title',
    subject: 'title',
    body: 'description',
    notes: 'description',
    categories: 'tags',
    importance: 'priority',
    status: 'status',
    duedate: 'due_date',
    duedatetime: 'due_date',
    created: 'created_at',
    createddatetime: 'created_at',
    completed: 'completed_at',
    completeddatetime: 'completed_at',
    list: 'project',
    listname: 'project'
  },
  adjust: withSplitTags
}
