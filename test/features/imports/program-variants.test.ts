import t from 'tap'
import { errorsOf, imported, preview, tasksOf, worker } from '../../support/imports.ts'
import { createTestApp } from '../../support/test-app.ts'
import { waitUntil } from '../../support/wait-until.ts'

const { signUp, db, config } = await createTestApp(t)
worker(t, { db, config })

/** Imports a file into an account of its own; returns the import, and its tasks by title with parents as titles. */
async function importInto(file: string, query = '') {
  const ann = await signUp()
  const shown = await preview(ann, file, { query })
  const done = await imported(ann, file, { query })
  await waitUntil('the tasks', async () => (await tasksOf(ann)).length === done.rows_imported)
  t.strictSame([done.source, done.warnings], [shown.source, shown.warnings])
  t.strictSame([done.rows_imported, done.rows_rejected], [shown.rows_valid, shown.rows_rejected])
  const all = await tasksOf(ann)
  const titles = new Map(all.map(({ id, title }) => [id, title]))
  const tasks = Object.fromEntries(
    all.map((task) => [task.title as string, { ...task, parent: titles.get(`${task.parent_id}`) }])
  )
  const codes = done.warnings.map(({ code }) => code)
  return { ann, done, tasks, codes, errors: await errorsOf(ann, done) }
}
const endOf = (day: string) => ({ due_date: `${day}T23:59:59.999Z`, all_day: true })

t.test('Asana: subtasks name no project, and are in that of their parent', async (t) => {
  const header = 'Task ID,Created At,Completed At,Last Modified,Name,Projects,Parent task\n'
  const day = '2026-01-02,,2026-01-02'
  const file = `${header}1,${day},Hall,Party,\n2,${day},Book,,Hall\n3,${day},Call,,Book\n4,${day},Alone,,\n`
  const { ann, done, tasks } = await importInto(file)
  t.match(done, { source: 'asana', rows_imported: 4, errors_total: 0 })
  const [party] = (await ann.get('/api/v1/projects')).json().data
  t.match(tasks, {
    Hall: { project_id: party.id },
    Book: { project_id: party.id, parent: 'Hall' },
    Call: { project_id: party.id, parent: 'Book' },
    Alone: { project_id: null }
  })
  t.match(await imported(ann, file, { query: '?create_projects=false' }), { rows_rejected: 0 })
})

t.test('a project that a subtask names goes before that of its parent', async (t) => {
  const { done, errors } = await importInto(
    'id,title,project,parent\n1,Top,One,\n2,Below,Two,1\n3,Beside,One,1\n'
  )
  t.match(done, { rows_imported: 3, errors_total: 1 })
  t.match(errors, [{ row: 2, column: 'parent_id', code: 'other_list' }])
})

t.test('Trello: names of labels may have commas, or be their colour only', async (t) => {
  const header = 'Card ID,Card Name,Labels,List Name\n'
  const { tasks, codes } = await importInto(
    `${header}1,Many,"a, b (green_dark),(blue), c (now) (sky)",To do\n2,Plain,"x, y",To do\n`
  )
  t.match(tasks, { Many: { tags: ['a, b', 'blue', 'c (now)'] }, Plain: { tags: ['x', 'y'] } })
  t.strictSame(codes, ['label_colours_not_kept'])
})

t.test(
  'Todoist: a title of labels only stays, and a deadline that is left out is told',
  async (t) => {
    const { done, tasks, codes } = await importInto(
      'TYPE,CONTENT,PRIORITY,INDENT,DATE,DEADLINE\n' +
        'task,@home,4,1,,\ntask,Both,4,1,2026-04-10,2026-04-12\ntask,Late,4,1,every day,2026-05-02\n' +
        'task,Repeated,4,1,2026-04-10 every week,\n'
    )
    t.match(done, { rows_imported: 4, rows_rejected: 0 })
    t.match(tasks, {
      '@home': { tags: ['home'] },
      Both: endOf('2026-04-10'),
      Late: endOf('2026-05-02'),
      Repeated: { due_date: null }
    })
    t.strictSame(codes, ['deadlines_not_kept', 'date_not_kept'])
  }
)

t.test('Google Tasks: tasks that were deleted are skipped', async (t) => {
  const { done, tasks } = await importInto(
    'title,notes,status,due,updated,deleted\nGone,,needsAction,,,true\nHere,,needsAction,2026-02-03T00:00:00Z,,\n'
  )
  t.match(done, { source: 'google_tasks', rows_imported: 1, rows_skipped: 1 })
  t.match(tasks, { Here: endOf('2026-02-03') })
})

t.test('Microsoft To Do: midnights are days, and categories may be a list of JSON', async (t) => {
  const { tasks, codes } = await importInto(
    'title,status,importance,categories,dueDateTime\n' +
      'Ring,notStarted,high,"[""Red, dark"",""Blue""]",2026-01-05T00:00:00.0000000\n' +
      'Buy,notStarted,low,Red;Blue,2026-01-06T00:00:00.0000000Z\n'
  )
  t.match(tasks, {
    Ring: { tags: ['Red, dark', 'Blue'], ...endOf('2026-01-05') },
    Buy: { tags: ['Red', 'Blue'], ...endOf('2026-01-06') }
  })
  t.strictSame(codes, [])
})

t.test('older exports of Asana and TickTick are known without some columns', async (t) => {
  const asana = 'Task ID,Created At,Completed At,Last Modified,Name,Due Date\n1,2026-01-02,,,Old,\n'
  t.equal((await importInto(asana)).done.source, 'asana')
  const ticktick =
    '"Folder Name","List Name","Title","Priority","Status"\n"","Work","Old","5","2"\n'
  const { done, tasks } = await importInto(ticktick)
  t.equal(done.source, 'ticktick')
  t.match(tasks, { Old: { priority: 'high', status: 'done' } })
})

t.test('Outlook: headers and words in five languages beside English', async (t) => {
  const due = endOf('2026-03-31')
  for (const file of [
    'Betreff;Beginnt am;Fällig am;Erledigt am;Kategorien;Priorität;Status\n' +
      'x;;31.03.2026;Ohne;a;Hoch;In Bearbeitung\n',
    "Objet;Date de début;Date d'échéance;Catégories;Priorité;État\nx;;31/03/2026;a;Haute;En cours\n",
    'Asunto,Fecha de comienzo,Fecha de vencimiento,Categorías,Prioridad,Estado\nx,,31/03/2026,a,Alta,En curso\n',
    'Oggetto,Data di inizio,Scadenza,Categorie,Priorità,Stato\nx,,31/03/2026,a,Alta,In corso\n'
  ]) {
    const { done, tasks } = await importInto(file)
    t.equal(done.source, 'outlook', file)
    t.match(tasks, { x: { ...due, tags: ['a'], priority: 'high', status: 'in_progress' } }, file)
  }
  const dutch =
    'Onderwerp,Begindatum,Vervaldatum,Categorieën,Prioriteit,Status\nx,,31-3-2026,a,Hoog,Voltooid\n'
  t.match((await importInto(dutch)).errors, [{ column: 'due_date', code: 'malformed' }])
  const { tasks } = await importInto(dutch, '?date_order=dmy')
  t.match(tasks, { x: { ...due, tags: ['a'], priority: 'high', status: 'done' } })
})

t.test('Planner and Jira: headers, words and months in German and French', async (t) => {
  const planner =
    'Aufgaben-ID;Aufgabenname;Bucketname;Status;Priorität;Fälligkeitsdatum;' +
    'Abgeschlossen am;Bezeichnungen;Beschreibung\n' +
    '1;Rasen;Garten;Abgeschlossen;Wichtig;04.03.2026;05.03.2026;Rot;Text\n'
  const first = await importInto(planner)
  t.equal(first.done.source, 'planner')
  t.match(first.tasks, {
    Rasen: {
      ...endOf('2026-03-04'),
      status: 'done',
      priority: 'high',
      tags: ['Rot', 'Garten'],
      description: 'Text',
      completed_at: '2026-03-05T00:00:00.000Z'
    }
  })
  const jira =
    'Zusammenfassung;Vorgangsschlüssel;Vorgangs-ID;Vorgangstyp;Status;Priorität;Erstellt;' +
    'Fälligkeitsdatum;Kommentar\n' +
    'Titel;AB-1;1;Aufgabe;Zu erledigen;Höchste;03/Mär/26 12:17 PM;31/Mai/26 12:00 AM;03/Mär/26 1:00 PM;x;Hallo\n'
  const second = await importInto(jira.replace('PM;x;Hallo', 'PM'))
  t.match(second.done, { source: 'jira', comments_created: 1 })
  t.match(second.tasks, {
    Titel: {
      ...endOf('2026-05-31'),
      status: 'todo',
      priority: 'high',
      created_at: '2026-03-03T12:17:00.000Z'
    }
  })
  const french =
    'Résumé,Clé de ticket,ID de ticket,Type de ticket,État,Échéance\n' +
    'Titre,AB-1,1,Tâche,À faire,31/déc./26 12:00 AM\n'
  t.match((await importInto(french)).tasks, { Titre: { ...endOf('2026-12-31'), status: 'todo' } })
})

t.test('months have names in several languages, and the beginning of two is none', async (t) => {
  const known = {
    '3 März 2026': '2026-03-03',
    '31. Okt. 2026': '2026-10-31',
    '5 févr. 2026': '2026-02-05',
    '14 juil. 2026': '2026-07-14',
    '1 ene 2026': '2026-01-01',
    '2 giugno 2026': '2026-06-02',
    '4 mrt 2026': '2026-03-04',
    'Sept 5, 2026': '2026-09-05'
  }
  const rows = Object.keys(known).map((text) => `"${text}","${text}"\n`)
  const { tasks } = await importInto(`title,due\n${rows.join('')}`)
  for (const [text, day] of Object.entries(known)) {
    t.match(tasks[text], endOf(day), text)
  }
  const { errors } = await importInto('title,due\na,14 jui 2026\nb,1 Decade 2026\nc,1 x 2026\n')
  t.strictSame(
    errors.map(({ code }) => code),
    ['malformed', 'malformed', 'malformed']
  )
  const at = await importInto('title,due\na,"Oct 5, 2026 at 9:00 AM Z"\n')
  t.match(at.tasks, { a: { due_date: '2026-10-05T09:00:00.000Z' } })
})

t.test('where tasks are due on days, a midnight behind a day means nothing', async (t) => {
  const outlook = 'Subject,Start Date,Due Date,Status\n'
  const jira = 'Summary,Issue key,Issue Type,Due date\n'
  const planner = 'Task Name,Bucket Name,Progress,Due date\n'
  for (const file of [
    `${outlook}x,,31.12.2026 00:00:00,Completed\n`,
    `${outlook}x,,12/31/2026 12:00:00 AM,Completed\n`,
    `${outlook}x,,2026-12-31 00:00,Completed\n`,
    `${jira}x,AB-1,Bug,12/31/2026 12:00 AM\n`,
    `${jira}x,AB-1,Bug,31/Dec/26 12:00 AM\n`,
    `${planner}x,B,Completed,2026-12-31T00:00:00Z\n`
  ]) {
    t.match((await importInto(file)).tasks, { x: endOf('2026-12-31') }, file)
  }
  const ambiguous = `${outlook}x,,4/5/2026 12:00:00 AM,Completed\n`
  t.match((await importInto(ambiguous)).errors, [{ code: 'ambiguous_date' }])
  t.match((await importInto(ambiguous, '?date_order=mdy')).tasks, { x: endOf('2026-04-05') })
  const timed = `${outlook}x,,2026-12-31 09:00,Completed\n`
  t.match((await importInto(timed)).errors, [{ code: 'malformed' }])
})

t.test('yes may be in the language of the spreadsheet that saved the file again', async (t) => {
  const trello =
    'Card ID,Card Name,List Name,Archived,Due Complete\n1,Away,Ideas,WAHR,FALSCH\n2,Here,Ideas,FALSCH,FALSCH\n'
  t.match((await importInto(trello)).tasks, { Away: { status: 'done' }, Here: { status: 'todo' } })
  const ticktick =
    'Folder Name,List Name,Title,Due Date,Timezone,Is All Day\n,L,x,2026-03-01T23:00:00+0000,Europe/Berlin,VRAI\n'
  t.match((await importInto(ticktick)).tasks, { x: endOf('2026-03-02') })
})
