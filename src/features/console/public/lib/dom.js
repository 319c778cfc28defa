const SVG = 'http://www.w3.org/2000/svg'

/**
 * Makes an element. Strings become text nodes, never markup; `null`, `undefined` and `false` are left out, also as
 * attributes. `onclick` and its like take functions; `value`, `checked` and `disabled` are set as properties.
 */
export function h(tag, props, ...children) {
  return fill(document.createElement(tag), props, children)
}

/** The same for SVG. */
export function svg(tag, props, ...children) {
  return fill(document.createElementNS(SVG, tag), props, children)
}

const AS_PROPERTY = new Set([
  'value',
  'checked',
  'disabled',
  'indeterminate',
  'hidden',
  'open',
  'required'
])

function fill(element, props, children) {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null || value === false) {
      continue
    }
    if (name.startsWith('on')) {
      element.addEventListener(name.slice(2), value)
    } else if (AS_PROPERTY.has(name)) {
      element[name] = value
    } else {
      element.setAttribute(name, value === true ? '' : value)
    }
  }
  // After the options of a select are there.
  append(element, children)
  if (element.tagName === 'SELECT' && props?.value !== undefined) {
    element.value = props.value
  }
  return element
}

/** Adds what `h` takes as children. */
export function append(parent, children) {
  for (const child of [children].flat(Infinity)) {
    if (child === null || child === undefined || child === false) {
      continue
    }
    parent.append(child instanceof Node ? child : String(child))
  }
  return parent
}

/** Puts these children in the place of the present ones. */
export function replace(parent, ...children) {
  parent.replaceChildren()
  return append(parent, children)
}

let ids = 0
/** An id that nothing else on the page has. */
export const newId = (prefix = 'id') => `${prefix}-${++ids}`

/** Runs `work` once calls have stopped coming for a while. */
export function debounce(work, ms) {
  let timer
  return (...args) => {
    clearTimeout(timer)
    timer = setTimeout(() => work(...args), ms)
  }
}
