const DAY_MS = 86_400_000
/** Clocks may differ by so much from that of the database, by which is purged. */
const CLOCK_MS = 60_000

/**
 * Tells whether a purge may be at work on what was deleted at a moment, which is null for what was not, and is kept for
 * so many days. It takes several transactions where there is much: what it has begun with cannot come back whole.
 */
export const isPurgeable = (deletedAt: string | null, days: number): boolean =>
  deletedAt !== null && Date.parse(deletedAt) < Date.now() - days * DAY_MS + CLOCK_MS
