/** What other programs, and people, call the states and priorities, in the languages of the exports that we know. */
const STATUS: Record<string, string[]> = {
  todo: [
    'todo',
    'to do',
    'open',
    'new',
    'backlog',
    'pending',
    'not started',
    'needsaction',
    'notstarted',
    'deferred',
    'reopened',
    'selected for development',
    'nicht begonnen',
    'nicht gestartet',
    'offen',
    'zurückgestellt',
    'non commencé',
    'non commencée',
    'différé',
    'différée'
  ],
  in_progress: [
    'in progress',
    'inprogress',
    'doing',
    'started',
    'in review',
    'waiting on someone else',
    'waitingonothers',
    'in bearbeitung',
    'in arbeit',
    'wartet auf jemand anderen',
    'en cours',
    "en attente de quelqu'un d'autre"
  ],
  done: [
    'done',
    'completed',
    'complete',
    'closed',
    'resolved',
    'finished',
    'erledigt',
    'abgeschlossen',
    'terminé',
    'terminée'
  ]
}
const PRIORITY: Record<string, string[]> = {
  high: [
    'high',
    'highest',
    'urgent',
    'critical',
    'blocker',
    'important',
    'hoch',
    'haute',
    'élevée'
  ],
  medium: ['medium', 'med', 'normal', 'moderate', 'major', 'mittel', 'normale', 'moyenne'],
  low: ['low', 'lowest', 'minor', 'trivial', 'niedrig', 'gering', 'basse', 'faible']
}

/** Most words are written as we write them. */
const isPlain = (text: string): boolean => /^[a-z]+$/.test(text)
const wordOf = (text: string): string =>
  text
    .normalize('NFC')
    .trim()
    .toLowerCase()
    .replaceAll('’', "'")
    .replace(/[\s_-]+/g, ' ')

const invert = (words: Record<string, string[]>) =>
  new Map(Object.entries(words).flatMap(([ours, theirs]) => theirs.map((word) => [word, ours])))
const lookUp = (words: Map<string, string>, text: string): string | undefined =>
  words.get(isPlain(text) ? text : wordOf(text))
const STATUS_WORDS = invert(STATUS)
const PRIORITY_WORDS = invert(PRIORITY)

/** Returns our word for a state; undefined for one that is not known. */
export const statusOf = (text: string): string | undefined => lookUp(STATUS_WORDS, text)

/** Returns the name of a list of tasks; empty for one that only says their state. */
export const unlessState = (name: string): string => (statusOf(name) === undefined ? name : '')

/** Returns our word for a priority; undefined for one that is not known. */
export const priorityOf = (text: string): string | undefined => lookUp(PRIORITY_WORDS, text)
