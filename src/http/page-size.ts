/** The most JSON that the data of a page may be; a page that would be larger is shortened. */
export const MAX_PAGE_BYTES = 1_048_576

/** Returns how many rows, at least one, fit into a page of this many bytes. */
export function rowsThatFit(rows: readonly object[], maxBytes = MAX_PAGE_BYTES): number {
  let bytes = 0
  for (const [index, row] of rows.entries()) {
    bytes += Buffer.byteLength(JSON.stringify(row)) + 1
    if (bytes > maxBytes) {
      return Math.max(1, index)
    }
  }
  return rows.length
}
