/** The database, or the role that connects to it, is not one that Tasklane can be served with. */
export class UnsuitableDatabaseError extends Error {
  override name = 'UnsuitableDatabaseError'
}
