/**
 * Makes the rows of a list those of `wanted`, in its order, and nothing else of what the user sees: what they type in,
 * the focus and the place on the screen stay. `isPinned(row)` tells which rows stay where they are in any case.
 */
export function patchRows(list, wanted, isPinned) {
  const focused = list.contains(document.activeElement) ? document.activeElement : undefined
  keepingPlace(list, isPinned, () => {
    const staying = new Set(wanted)
    const leaving = [...list.children].filter((row) => !staying.has(row) && !isPinned(row))
    const heir = focused && neighbourOf(focused, leaving, list)
    for (const row of leaving) {
      row.remove()
    }
    putInOrder(list, wanted, isPinned)
    refocus(focused, heir)
  })
}

function putInOrder(list, wanted, isPinned) {
  let next = list.firstElementChild
  const skipPinned = () => {
    while (next && isPinned(next)) {
      next = next.nextElementSibling
    }
  }
  for (const row of wanted.filter((one) => !(one.parentElement === list && isPinned(one)))) {
    skipPinned()
    if (next === row) {
      next = next.nextElementSibling
    } else {
      list.insertBefore(row, next)
    }
  }
}

/** Returns the row that gets the focus when the one that has it leaves. */
function neighbourOf(focused, leaving, list) {
  const gone = new Set(leaving)
  const rows = [...list.children]
  const at = rows.findIndex((row) => row.contains(focused))
  if (!gone.has(rows[at])) {
    return undefined
  }
  const stays = (row) => !gone.has(row)
  return rows.slice(at).find(stays) ?? rows.slice(0, at).findLast(stays)
}

/** An element that was moved or removed has lost the focus. */
function refocus(focused, heir) {
  if (!focused || document.activeElement === focused) {
    return
  }
  const target = focused.isConnected ? focused : heir?.querySelector('.task-title, a, button')
  target?.focus({ preventScroll: true })
}

/** Scrolls so that what the user works on, or else reads, stays where it is on the screen. */
export function keepingPlace(list, isPinned, change) {
  const anchor = anchorIn(list, isPinned)
  const before = anchor?.getBoundingClientRect().top
  change()
  if (anchor?.isConnected) {
    scrollBy({ top: anchor.getBoundingClientRect().top - before, behavior: 'instant' })
  }
}

/** At the top of the page only what is typed in has to stay: what is new comes into sight. */
function anchorIn(list, isPinned) {
  const inSight = [...list.children].filter((row) => {
    const { top, bottom } = row.getBoundingClientRect()
    // The head of a group sticks to the screen by itself.
    return bottom > 0 && top < innerHeight && !row.matches('.group-head')
  })
  return inSight.find(isPinned) ?? (scrollY > 0 ? inSight[0] : undefined)
}
