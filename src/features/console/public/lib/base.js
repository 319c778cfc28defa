/** The path of the API, beside the console, wherever a proxy serves both: this file is /app/{version}/lib/base.js. */
export const API = new URL('../../../api/v1', import.meta.url).pathname
