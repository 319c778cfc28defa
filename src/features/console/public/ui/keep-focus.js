/** Runs `change`, which replaces what is in `before` by what is in `after`, and gives the focus to the same control. */
export function keepingFocus(before, after, change) {
  const focused = before.contains(document.activeElement) ? document.activeElement : undefined
  const marks = focused && marksOf(focused)
  change()
  if (focused && !focused.isConnected) {
    const controls = [...after.querySelectorAll('a, button, input, select, summary')]
    const same = controls.find((control) => marksOf(control) === marks)
    const heir = same ?? controls.find((control) => control.matches('.task-title, a, button'))
    heir?.focus({ preventScroll: true })
  }
}

/** What makes a control recognisable after it was made anew; its name may have changed. */
const marksOf = ({ tagName, className, title }) => [tagName, className, title].join()
