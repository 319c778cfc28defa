/** Files that were uploaded from this page, by import: as many as somebody may want to mend. */
const MAX_FILES = 20
const files = new Map()

/** Remembers the file of an import, and how it is read if a preview has told. */
export function rememberFile(importId, file, layout) {
  files.set(importId, { file, layout })
  if (files.size > MAX_FILES) {
    files.delete(files.keys().next().value)
  }
}

/** Returns the file of an import, if it was uploaded since the page was opened. */
export const uploadedFile = (importId) => files.get(importId)
