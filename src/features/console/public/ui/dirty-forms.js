const forms = new Map()

/** Watches a form. `isDirty` tells whether it holds changes that are not saved. */
export const watchForm = (node, isDirty) => {
  forms.set(node, isDirty)
}
/** Stops watching a form whose changes were saved or discarded. */
export const unwatchForm = (node) => {
  forms.delete(node)
}

/** Tells whether a form on the page holds changes that are not saved. */
export function hasDirtyForm() {
  for (const node of forms.keys()) {
    if (!node.isConnected) {
      forms.delete(node)
    }
  }
  return [...forms.values()].some((isDirty) => isDirty())
}

addEventListener('beforeunload', (event) => {
  if (hasDirtyForm()) {
    event.preventDefault()
  }
})
