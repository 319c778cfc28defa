/** Gives the person a file that was made here. */
export function save(name, parts, type = 'text/csv;charset=utf-8') {
  const address = URL.createObjectURL(new Blob(parts, { type }))
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  // The browser has taken it by then.
  setTimeout(() => URL.revokeObjectURL(address), 60_000)
}

/** What a spreadsheet would run as a formula gets a ' in front, as in exports of the API. */
const RISKY = /^[\s"]*[=+\-@\t\r\n\0＝＋－＠]/

/** One line of a CSV file (RFC 4180). */
export const csvLine = (cells) =>
  `${cells
    .map(
      (cell) =>
        `"${String(cell ?? '')
          .replace(RISKY, "'$&")
          .replaceAll('"', '""')}"`
    )
    .join(',')}\r\n`
