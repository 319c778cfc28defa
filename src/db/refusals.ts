/** The work was given up, and it is certain that it changed nothing and will change nothing. */
export class NothingDone extends Error {
  code = 'NOTHING_DONE'
}

/** The work was given up after it was sent: it may have taken effect, or still do so. */
export class OutcomeUnknown extends Error {
  code = 'OUTCOME_UNKNOWN'
}
