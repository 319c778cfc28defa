import { type Draft, type Source, splitTags, textOf, toTags, withCompletion } from './source.ts'

const withSplitTags: Source['adjust'] = (draft) => ({
  ...withCompletion(draft),
  tags: splitTags(textOf(draft, 'tags'), /[;,]/)
})

/** The header in German and French. */
const PLANNER_TRANSLATIONS = {
  aufgabenid: 'taskid',
  vorgangsid: 'taskid',
  aufgabenname: 'taskname',
  vorgangsname: 'taskname',
  bucketname: 'bucketname',
  fortschritt: 'progress',
  priorität: 'priority',
  erstellungsdatum: 'createddate',
  erstelltam: 'createddate',
  fälligkeitsdatum: 'duedate',
  fälligam: 'duedate',
  abgeschlossenam: 'completeddate',
  abschlussdatum: 'completeddate',
  bezeichnungen: 'labels',
  beschreibung: 'description',
  notizen: 'notes',
  iddetâche: 'taskid',
  iddelatâche: 'taskid',
  nomdetâche: 'taskname',
  nomdelatâche: 'taskname',
  nomducompartiment: 'bucketname',
  progression: 'progress',
  avancement: 'progress',
  priorité: 'priority',
  datedecréation: 'createddate',
  "dated'échéance": 'duedate',
  datedefin: 'completeddate',
  étiquettes: 'labels'
}

/** A plan, saved from Excel as CSV. */
export const planner: Source = {
  id: 'planner',
  isDueOnDays: true,
  translations: PLANNER_TRANSLATIONS,
  signatures: [
    ['taskname', 'bucketname', 'progress'],
    ['aufgabenname', 'bucketname', 'status'],
    ['taskid', 'taskname', 'progress', 'duedate']
  ],
  columns: {
    taskname: 'title',
    description: 'description',
    notes: 'description',
    labels: 'tags',
    priority: 'priority',
    progress: 'status',
    status: 'status',
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
  isDueOnDays: true,
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
  adjust: (draft) => ({
    ...withCompletion(draft),
    tags: categoriesOf(draft)
  })
}

/** The interface writes a list of JSON, whose names may have commas; tools for it separate names by commas. */
function categoriesOf(draft: Draft): string[] {
  const text = textOf(draft, 'tags')
  const names = listOf(text)
  return names ? toTags(names) : splitTags(text, /[;,]/)
}

function listOf(text: string): string[] | undefined {
  try {
    const list: unknown = JSON.parse(text)
    return Array.isArray(list) ? list.map(String) : undefined
  } catch {
    return undefined
  }
}
