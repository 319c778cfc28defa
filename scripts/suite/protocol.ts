/** A file that has not ended after this time fails. */
export const FILE_TIMEOUT_MS = 300_000

/** The comments in TAP by which a worker says that it waits for a file, or that a new process has to run the next. */
export const FRESH = 'worker: fresh'
export const SPENT = 'worker: spent'
