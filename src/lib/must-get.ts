/** Returns the value of a key that the map is known to have. */
export function mustGet<K, V>(map: ReadonlyMap<K, V>, key: K): V {
  const value = map.get(key)
  if (value === undefined) {
    throw new Error(`There is no ${key} in the map.`)
  }
  return value
}
