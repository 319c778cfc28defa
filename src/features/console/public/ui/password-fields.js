import { h, replace } from '../lib/dom.js'
import { field } from './form.js'

const MOST = 128
const least = () => Number(document.body.dataset.passwordMin)
const lengthOf = (text) => [...text].length

/**
 * A new password and its repetition, with the rules beneath that tick themselves off while one types. The server has the
 * last word: it may know the password as one of those that are tried first. `names` gives what it must not be.
 */
export function passwordFields({ name = 'password', label = 'Password', names = () => [] }) {
  const rules = [
    [`At least ${least()} characters`, (text) => lengthOf(text) >= least()],
    [
      'Not your own username or email',
      (text) =>
        text !== '' &&
        !names().some((one) => one !== '' && one.toLowerCase() === text.toLowerCase())
    ],
    ['The same twice', (text) => text !== '' && text === again.input.value]
  ]
  const hints = h('ul', { class: 'rules' })
  const first = field({ label, name, type: 'password', autocomplete: 'new-password', hint: hints })
  const again = field({
    label: `${label}, once more`,
    name: 'again',
    type: 'password',
    autocomplete: 'new-password'
  })
  const hint = () => {
    const text = first.input.value
    replace(
      hints,
      rules.map(([words, isMet]) =>
        h(
          'li',
          { class: isMet(text) ? 'met' : '' },
          words,
          h('span', { class: 'unseen' }, isMet(text) ? ' – yes' : ' – not yet')
        )
      )
    )
  }
  for (const { input } of [first, again]) {
    input.addEventListener('input', hint)
  }
  hint()
  const check = () => {
    if (lengthOf(first.input.value) > MOST) {
      return [[first, `At most ${MOST} characters, please.`]]
    }
    const broken = rules.slice(0, 2).find(([, isMet]) => !isMet(first.input.value))
    if (broken) {
      return [[first, `${broken[0]}, please.`]]
    }
    return first.input.value === again.input.value
      ? []
      : [[again, 'This is not the same as above.']]
  }
  return { fields: [first, again], check, value: () => first.input.value, hint }
}
