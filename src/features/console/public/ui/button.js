import { h } from '../lib/dom.js'
import { icon } from './icons.js'

/** A button that acts on click. `kind` names further classes, such as `button-primary`. */
export const button = (label, onclick, { kind = '', ...attributes } = {}) =>
  h('button', { type: 'button', class: `button ${kind}`.trim(), onclick, ...attributes }, label)

/** A small button for a row of a list. Its name says what it acts on, since many rows have one. */
export const rowButton = (label, name, onclick) =>
  button(label, onclick, { kind: 'button-small', 'aria-label': name })

/** A button that shows a picture. `name` is its accessible name. */
export const iconButton = (picture, name, onclick, { kind = '', ...attributes } = {}) =>
  h(
    'button',
    {
      type: 'button',
      class: `icon-button ${kind}`.trim(),
      'aria-label': name,
      onclick,
      ...attributes
    },
    icon(picture)
  )
