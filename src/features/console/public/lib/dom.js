const SVG = 'http://www.w3.org/2000/svg'

/**
 * Creates an element. Strings become text nodes, never markup. `null`, `undefined` and `false` are left out, as
 * children and as attributes. `onclick` and other handlers take functions; `value`, `checked` and the like are set as
 * properties.
 */
export function h(tag, props, ...children) {
  return fill(document.createElement(tag), props, children)
}

/** Creates an SVG element. */
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
  // A select takes its value only once its options exist.
  append(element, children)
  if (element.tagName === 'SELECT' && props?.value !== undefined) {
    element.value = props.value
  }
  return element
}

/** Appends children as `h` takes them. */
function append(parent, children) {
  for (const child of [children].flat(Infinity)) {
    if (child === null || child === undefined || child === false) {
      continue
    }
    parent.append(child instanceof Node ? child : String(child))
  }
  return parent
}

/** Replaces all children. */
export function replace(parent, ...children) {
  parent.replaceChildren()
  return append(parent, children)
}

let ids = 0
/** Returns an id that is unique on the page. */
export const newId = (prefix = 'id') => `${prefix}-${++ids}`

/** Returns a function that runs `work` once it has not been called for `ms`. */
export function debounce(work, ms) {
  let timer
  return (...args) => {
    clearTimeout(timer)
    timer = setTimeout(() => work(...args), ms)
  }
}
