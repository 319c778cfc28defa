/** A cell that says nothing, as it stands in the file. */
const BLANK_CELL = /^\s*(?:"\s*")?\s*$/
/** Excel's own line, which names the delimiter and is no row. */
const SEP_LINE = /^"?sep=[^\r\n"]"?[ \t]*(?:\r\n|\n|\r|$)/i

/** Splits CSV into its rows as they stand in the file, without blank ones: quoted cells may hold line breaks. */
export function splitCsv(text, delimiter) {
  const rows = []
  const body = text.replace(SEP_LINE, '')
  for (let start = 0; start < body.length; ) {
    const end = endOfRow(body, start, delimiter)
    const row = body.slice(start, end)
    if (!row.split(delimiter).every((cell) => BLANK_CELL.test(cell))) {
      rows.push(row)
    }
    start = end + (body.startsWith('\r\n', end) ? 2 : 1)
  }
  return rows
}

function endOfRow(text, start, delimiter) {
  let end = endOfCell(text, start, delimiter)
  while (text[end] === delimiter) {
    end = endOfCell(text, end + 1, delimiter)
  }
  return end
}

/** Returns where a cell ends: at the delimiter, the line break or the end of the text behind it. */
function endOfCell(text, start, delimiter) {
  const isEnd = (at) => at >= text.length || text[at] === delimiter || /[\r\n]/.test(text[at])
  let at = text[start] === '"' ? closingQuote(text, start) + 1 : start
  while (!isEnd(at)) {
    at++
  }
  return at
}

function closingQuote(text, start) {
  let at = text.indexOf('"', start + 1)
  while (at >= 0 && text[at + 1] === '"') {
    at = text.indexOf('"', at + 2)
  }
  return at < 0 ? text.length : at
}

/** Returns a row without its first cell. */
export const withoutFirstCell = (row, delimiter) =>
  row.slice(endOfCell(row, 0, delimiter) + delimiter.length)

/** Returns what the first cell of a row says. */
export const firstCell = (row, delimiter) =>
  row
    .slice(0, endOfCell(row, 0, delimiter))
    .trim()
    .replace(/^"(.*)"$/s, '$1')
    .replaceAll('""', '"')

/** What the export of an account has beside tasks; such lines are no rows. */
const OTHER_RECORDS = new Set([
  'export',
  'account',
  'project',
  'project_member',
  'project_membership',
  'invitation_sent',
  'invitation_received',
  'task_comment',
  'task_event'
])

/** Splits JSON lines into the objects that are rows. */
export const splitJsonLines = (text) =>
  text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line))
    .filter((record) => !(isRecord(record) && OTHER_RECORDS.has(record.type)))

/** Tells whether a line is one of an account's export: a type and what it has, and nothing else. */
export const isRecord = ({ type, data, ...others }) =>
  typeof type === 'string' && Object(data) === data && Object.keys(others).length === 0
