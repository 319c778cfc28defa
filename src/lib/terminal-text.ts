const MAX_SHOWN = 40

/** Returns what was typed, without what a terminal would obey, no longer than a line of a message may hold. */
export const terminalText = (text: string): string =>
  text.replace(/[\x00-\x1f\x7f-\x9f]/g, '?').slice(0, MAX_SHOWN)
