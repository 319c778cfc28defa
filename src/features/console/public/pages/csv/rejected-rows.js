import { call } from '../../lib/api.js'
import { h, replace } from '../../lib/dom.js'
import { csvLine, saveFile } from '../../lib/download.js'
import { isAborted } from '../../lib/problem.js'
import { ZONE } from '../../lib/time.js'
import { upload } from '../../lib/upload.js'
import { button } from '../../ui/button.js'
import { openDialog } from '../../ui/dialog.js'
import { icon } from '../../ui/icons.js'
import { actions, muted } from '../../ui/page.js'
import { problemBox } from '../../ui/problem-box.js'
import { toast, toastProblem } from '../../ui/toast.js'
import { errorGroups } from './error-groups.js'
import { reasons, rejectedFile } from './rejected-file.js'
import { rememberFile, uploadedFile } from './uploaded-files.js'

const COLUMNS = ['row', 'column', 'code', 'message', 'value']
/** The API keeps a thousand errors of an import. */
const MAX_PAGES = 10

/** Shows why rows of an import were rejected, and offers these rows as a file to mend and import again. */
export function showRejectedRows(taskImport) {
  const abort = new AbortController()
  const content = h('div', { class: 'stack', 'aria-busy': 'true' }, muted('Loading…'))
  const load = async () => {
    try {
      const errors = await loadErrors(taskImport.id, abort.signal)
      replace(content, report(taskImport, errors, abort.signal))
    } catch (error) {
      if (!isAborted(error)) {
        replace(content, problemBox(error, { retry: load }))
      }
    }
    content.removeAttribute('aria-busy')
  }
  load()
  return openDialog({
    title: `Rejected rows of ${taskImport.file_name}`,
    kind: 'dialog-wide',
    body: () => content
  }).finally(() => abort.abort())
}

async function loadErrors(id, signal) {
  const errors = []
  let cursor
  for (let pages = 0; pages < MAX_PAGES && cursor !== null; pages++) {
    const query = { limit: 100, cursor }
    const page = await call('GET', `/task-imports/${id}/errors`, { query, signal })
    errors.push(...page.data)
    cursor = page.pagination.next_cursor
  }
  return errors
}

function report(taskImport, errors, signal) {
  const safeName = taskImport.file_name.replace(/[^\w.-]/g, '_')
  const saveList = () => {
    const lines = errors.map((error) => csvLine(COLUMNS.map((column) => error[column])))
    saveFile(`errors-${safeName.replace(/\.\w+$/, '')}.csv`, [csvLine(COLUMNS), ...lines])
  }
  return [
    h('p', {}, introduction(taskImport, errors)),
    actions(
      reasons(errors).size > 0 && rowsButton(taskImport, errors, { safeName, signal }),
      button('Download the list of errors', saveList, { kind: 'button-quiet' })
    ),
    errorGroups(errors)
  ]
}

/** Says what to do, and what is missing here. */
function introduction({ rows_rejected, errors_total, dry_run }, errors) {
  const steps = 'Download the rejected rows, mend them and import that file.'
  if (errors_total <= errors.length) {
    return dry_run ? steps : `${steps} The others are imported already.`
  }
  const rows = reasons(errors).size.toLocaleString()
  return `${steps} Only the first ${rows} of ${rows_rejected.toLocaleString()} rejected rows are kept.`
}

/** Saves the rows, from the file that was uploaded here, or else from one that the user chooses. */
function rowsButton(taskImport, errors, { safeName, signal }) {
  const save = async (file, layout) => {
    try {
      const known = layout ?? (await readLayout(file, taskImport, signal))
      saveFile(`rejected-${safeName}`, await rejectedFile(file, known, errors))
      rememberFile(taskImport.id, file, known)
      toast('Rejected rows downloaded.')
    } catch (error) {
      if (!signal.aborted) {
        toastProblem('The rejected rows could not be written.', error)
      }
    }
  }
  const chooser = h('input', {
    type: 'file',
    hidden: true,
    accept: '.csv,.tsv,.jsonl,.ndjson,text/csv',
    onchange: () => chooser.files[0] && save(chooser.files[0])
  })
  const known = uploadedFile(taskImport.id)
  const press = () => (known ? save(known.file, known.layout) : chooser.click())
  const label = [icon('csv'), 'Download rejected rows']
  return [
    button(label, press, { kind: 'button-primary' }),
    chooser,
    !known && muted(`Asks for ${taskImport.file_name}, since only you have it.`)
  ]
}

/** Asks the API how it reads the file, and checks that it can be the one that was imported. */
async function readLayout(file, { rows_total }, signal) {
  const query = { time_zone: ZONE }
  const options = { query, signal, onProgress: () => {} }
  const layout = await upload('/task-imports/preview', file, options)
  if (layout.rows_total !== rows_total) {
    throw new Error(
      `This is another file: it has ${layout.rows_total.toLocaleString()} rows, ` +
        `and ${rows_total.toLocaleString()} were imported.`
    )
  }
  return layout
}
