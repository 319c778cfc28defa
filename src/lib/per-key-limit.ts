/**
 * Bounds what is in progress for each key. The function that it returns takes a place and returns how to give it back,
 * or undefined when the key has `max` of them.
 */
export function createPerKeyLimit(max: number) {
  const running = new Map<string, number>()

  return function take(key: string): (() => void) | undefined {
    const count = running.get(key) ?? 0
    if (count >= max) {
      return undefined
    }
    running.set(key, count + 1)
    let isHeld = true
    return () => {
      if (!isHeld) {
        return
      }
      isHeld = false
      const left = (running.get(key) ?? 1) - 1
      if (left > 0) {
        running.set(key, left)
      } else {
        running.delete(key)
      }
    }
  }
}
