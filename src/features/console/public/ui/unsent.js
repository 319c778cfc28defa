const forms = new Map()

/** Notes that `node` holds what a person types, and how to tell whether something of it is not saved. */
export const watchUnsent = (node, isDirty) => {
  forms.set(node, isDirty)
}
/** It is saved, or given up on purpose. */
export const release = (node) => {
  forms.delete(node)
}

/** Whether there is text on the page that would be lost with it. */
export function hasUnsent() {
  for (const node of forms.keys()) {
    if (!node.isConnected) {
      forms.delete(node)
    }
  }
  return [...forms.values()].some((isDirty) => isDirty())
}

addEventListener('beforeunload', (event) => {
  if (hasUnsent()) {
    event.preventDefault()
  }
})
