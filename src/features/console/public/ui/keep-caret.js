/**
 * Remembers where the user types. Returns what puts the caret back there: a dialog that is removed gives back the focus
 * alone, and what is typed next would be lost.
 */
export function keepCaret() {
  const input = document.activeElement
  // Not every kind of input has a selection.
  const start = input?.selectionStart ?? null
  const end = input?.selectionEnd ?? null
  return () => {
    if (start !== null && document.activeElement === input) {
      input.setSelectionRange(start, end)
    }
  }
}
