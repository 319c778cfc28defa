/** Makes an id that nobody else makes. Browsers have `randomUUID` over HTTPS and on the own machine only. */
export const randomId = () =>
  crypto.randomUUID?.() ??
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, '0')
  ).join('')
