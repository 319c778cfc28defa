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
    'différée',
    'à faire',
    'non démarré',
    'non démarrée',
    'zu erledigen',
    'erneut geöffnet',
    'no comenzada',
    'no iniciada',
    'aplazada',
    'por hacer',
    'non iniziata',
    'rinviata',
    'da fare',
    'niet gestart',
    'niet begonnen',
    'uitgesteld',
    'te doen'
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
    "en attente de quelqu'un d'autre",
    'en curso',
    'a la espera de otra persona',
    'in corso',
    'in attesa di altri',
    'wordt uitgevoerd',
    'mee bezig',
    'wacht op iemand anders'
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
    'terminée',
    'effectué',
    'effectuée',
    'résolu',
    'résolue',
    'fermé',
    'fermée',
    'fertig',
    'geschlossen',
    'gelöst',
    'completada',
    'completata',
    'voltooid'
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
    'höchste',
    'dringend',
    'wichtig',
    'haute',
    'la plus haute',
    'élevée',
    'urgente',
    'importante',
    'alta',
    'hoog'
  ],
  medium: [
    'medium',
    'med',
    'normal',
    'moderate',
    'major',
    'mittel',
    'normale',
    'moyen',
    'moyenne',
    'media',
    'normaal',
    'gemiddeld'
  ],
  low: [
    'low',
    'lowest',
    'minor',
    'trivial',
    'niedrig',
    'niedrigste',
    'gering',
    'basse',
    'la plus basse',
    'faible',
    'baja',
    'bassa',
    'laag'
  ]
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
