/** Offers a file that was made in the browser as a download. */
export function saveFile(name, parts, type = 'text/csv;charset=utf-8') {
  const url = URL.createObjectURL(new Blob(parts, { type }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  // By then the browser has read it.
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}

/** Matches what a spreadsheet would run as a formula. Such cells get a leading ', as in exports of the API. */
const FORMULA = /^[\s"]*[=+\-@\t\r\n\0＝＋－＠]/

const csvCell = (value) => {
  const text = String(value ?? '').replace(FORMULA, "'$&")
  return `"${text.replaceAll('"', '""')}"`
}

/** Writes one line of a CSV file (RFC 4180). */
export const csvLine = (cells) => `${cells.map(csvCell).join(',')}\r\n`
