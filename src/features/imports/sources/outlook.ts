import { type Source, splitTags, textOf } from './source.ts'

/** Outlook writes the dates that are not set as this word, in the language of the user. */
const NO_DATE =
  /^(none|keine angabe|ohne|kein datum|aucun|aucune|ninguno|ninguna|nessuno|nessuna|geen)$/i
const withoutNone = (text: string): string => (NO_DATE.test(text) ? '' : text)

/** The header in German, French, Spanish, Italian and Dutch. */
const TRANSLATIONS = {
  betreff: 'subject',
  beginntam: 'startdate',
  fälligam: 'duedate',
  erledigtam: 'datecompleted',
  kategorien: 'categories',
  notizen: 'notes',
  priorität: 'priority',
  objet: 'subject',
  datededébut: 'startdate',
  échéance: 'duedate',
  "dated'échéance": 'duedate',
  datedefin: 'datecompleted',
  catégories: 'categories',
  priorité: 'priority',
  statut: 'status',
  état: 'status',
  asunto: 'subject',
  fechadecomienzo: 'startdate',
  fechadeinicio: 'startdate',
  fechadevencimiento: 'duedate',
  fechadefinalización: 'datecompleted',
  categorías: 'categories',
  notas: 'notes',
  prioridad: 'priority',
  estado: 'status',
  oggetto: 'subject',
  datainizio: 'startdate',
  datadiinizio: 'startdate',
  scadenza: 'duedate',
  datascadenza: 'duedate',
  datacompletamento: 'datecompleted',
  datadicompletamento: 'datecompleted',
  categorie: 'categories',
  note: 'notes',
  priorità: 'priority',
  stato: 'status',
  onderwerp: 'subject',
  begindatum: 'startdate',
  vervaldatum: 'duedate',
  einddatum: 'duedate',
  datumvoltooid: 'datecompleted',
  voltooidop: 'datecompleted',
  categorieën: 'categories',
  notities: 'notes',
  prioriteit: 'priority'
}

/** The tasks folder as CSV. */
export const outlook: Source = {
  id: 'outlook',
  isDueOnDays: true,
  signatures: [
    ['subject', 'startdate', 'duedate', 'status'],
    ['subject', 'duedate', 'datecompleted'],
    ['betreff', 'fälligam', 'status'],
    ['betreff', 'beginntam', 'fälligam'],
    ['objet', 'échéance', 'statut']
  ],
  translations: TRANSLATIONS,
  columns: {
    subject: 'title',
    notes: 'description',
    categories: 'tags',
    priority: 'priority',
    status: 'status',
    duedate: 'due_date',
    datecompleted: 'completed_at'
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
