export const API_PREFIX = '/api/v1'

/** Returns the path of a resource, as in the header `Location` and in problems. */
export const apiPath = (path: string): string => API_PREFIX + path
