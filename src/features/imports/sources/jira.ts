import { statusOf } from '../words.ts'
import type { Source, SourceComment } from './source.ts'

/** The header in German and French. */
const TRANSLATIONS = {
  zusammenfassung: 'summary',
  vorgangsschlüssel: 'issuekey',
  vorgangsid: 'issueid',
  vorgangstyp: 'issuetype',
  projektname: 'projectname',
  priorität: 'priority',
  lösung: 'resolution',
  erstellt: 'created',
  gelöst: 'resolved',
  fälligkeitsdatum: 'duedate',
  stichwörter: 'labels',
  beschreibung: 'description',
  kommentar: 'comment',
  statuskategorie: 'statuscategory',
  übergeordnet: 'parent',
  résumé: 'summary',
  clédeticket: 'issuekey',
  iddeticket: 'issueid',
  idduticket: 'issueid',
  typedeticket: 'issuetype',
  nomduprojet: 'projectname',
  nomdeprojet: 'projectname',
  priorité: 'priority',
  résolution: 'resolution',
  état: 'status',
  statut: 'status',
  création: 'created',
  créée: 'created',
  résolu: 'resolved',
  résolue: 'resolved',
  échéance: 'duedate',
  "dated'échéance": 'duedate',
  étiquettes: 'labels',
  commentaire: 'comment',
  "catégoried'état": 'statuscategory'
}

/** A filter: every label has a column of its own, and comments and links as well. */
export const jira: Source = {
  id: 'jira',
  isDueOnDays: true,
  signatures: [['summary', 'issuekey', 'issuetype']],
  translations: TRANSLATIONS,
  columns: {
    summary: 'title',
    description: 'description',
    labels: 'tags',
    priority: 'priority',
    duedate: 'due_date',
    created: 'created_at',
    resolved: 'completed_at',
    status: 'status',
    statuscategory: 'status',
    resolution: 'status',
    parentid: 'parent_id',
    parent: 'parent_id',
    parentkey: 'parent_id',
    'customfield(epiclink)': 'parent_id',
    projectname: 'project'
  },
  comments: 'comment',
  commentsOf: (_, texts) => texts.map(commentOf),
  names: ['issueid', 'issuekey'],
  adjust(draft, cell) {
    const status =
      statusOf(cell('status')) ??
      statusOf(cell('statuscategory')) ??
      resolvedStatus(cell('resolution'))
    return {
      ...draft,
      ...(status !== undefined && { status })
    }
  }
}

/** Date, author and text of a comment; what is written otherwise is a text. */
const COMMENT = /^([^;\n]*\d:\d\d[^;\n]*);([^;\n]*);(.*)$/s
function commentOf(text: string): SourceComment {
  const [, at, author, body] = COMMENT.exec(text) ?? []
  return body === undefined ? { body: text } : { body, author, at }
}

/** States are freely named; an issue that is resolved is done whatever its state is called. */
const resolvedStatus = (resolution: string): string | undefined =>
  resolution.trim() === '' || /^unresolved$/i.test(resolution.trim()) ? undefined : 'done'
