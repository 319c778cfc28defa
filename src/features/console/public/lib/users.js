/** Returns what to call a user. */
export const displayName = ({ name, username, email }) => name ?? username ?? email
