import { h, replace } from '../lib/dom.js'
import { field } from './form.js'

const MAX_LENGTH = 128
const minLength = () => Number(document.body.dataset.passwordMin)
const lengthOf = (text) => [...text].length

/**
 * Creates the fields for a new password and its repetition. The rules beneath are marked as met while the user types.
 * The server has the last word, since it also rejects common passwords. `identifiers` returns the username and email,
 * which the password must not equal.
 */
export function passwordFields({
  name = 'password',
  label = 'Password',
  identifiers = () => []
} = {}) {
  const ruleList = h('ul', { class: 'rules' })
  const password = field({
    label,
    name,
    type: 'password',
    autocomplete: 'new-password',
    hint: ruleList
  })
  const repetition = field({
    label: `Repeat the ${label.toLowerCase()}`,
    name: 'again',
    type: 'password',
    autocomplete: 'new-password'
  })
  const value = () => password.input.value
  const isRepeated = () => value() === repetition.input.value
  const rules = [
    [`At least ${minLength()} characters`, () => lengthOf(value()) >= minLength()],
    ['Different from your username and email', () => differsFrom(identifiers(), value())],
    ['Repeated correctly', () => value() !== '' && isRepeated()]
  ]
  const updateRules = () => replace(ruleList, rules.map(ruleNode))
  for (const { input } of [password, repetition]) {
    input.addEventListener('input', updateRules)
  }
  updateRules()
  const check = () => {
    if (lengthOf(value()) > MAX_LENGTH) {
      return [[password, `Use at most ${MAX_LENGTH} characters.`]]
    }
    const broken = rules.slice(0, 2).find(([, isMet]) => !isMet())
    if (broken) {
      return [[password, `The password does not meet this rule: ${broken[0]}.`]]
    }
    return isRepeated() ? [] : [[repetition, 'The passwords do not match.']]
  }
  return { fields: [password, repetition], check, value, updateRules }
}

const differsFrom = (identifiers, password) =>
  password !== '' &&
  !identifiers.some((one) => one !== '' && one.toLowerCase() === password.toLowerCase())

const ruleNode = ([text, isMet]) =>
  h(
    'li',
    { class: isMet() ? 'met' : '' },
    text,
    h('span', { class: 'visually-hidden' }, isMet() ? ' (met)' : ' (not met)')
  )
