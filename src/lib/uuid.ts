/** Matches a UUID in its usual form, in either case. */
export const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** RFC 9562, version 7; either case. */
export const UUID_V7 =
  '^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-7[0-9A-Fa-f]{3}-[89ABab][0-9A-Fa-f]{3}-[0-9A-Fa-f]{12}$'
const uuidV7 = new RegExp(UUID_V7)
export const isUuidV7 = (id: string): boolean => uuidV7.test(id)
