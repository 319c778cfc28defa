import { completions } from '../ui/completions.js'
import { quickChips } from './quick-chips.js'
import { loadDates } from './quick-dates.js'
import { quickNames } from './quick-names.js'
import { readWords } from './quick-words.js'

const PATIENCE_MS = 1500
/** What is longer is no task in words, but a text. */
export const MAX_LENGTH = 400

/**
 * Reads what is typed into the input of a new task, while it is typed: offers completions, and shows beneath what was
 * understood. `read()` returns the title and fields as they are to be saved, `readLine(text)` those of any text.
 */
export function quickText(input, { projectId }) {
  const names = quickNames({ projectId })
  let findDate
  let ignored = []
  const understand = (text, isIgnored) =>
    readWords(text, { names: names.names(), findDate, isIgnored })
  const read = (text, without) =>
    understand(text, ({ kind, source }) => without.includes(`${kind} ${source.trim()}`))
  const show = () => {
    ignored = input.value === '' ? [] : ignored
    chips.show(read(input.value, ignored).parts)
  }
  const learn = async (text) => {
    const loading = loadDates().then((found) => {
      findDate = found
    })
    await Promise.all([loading, names.learn(text)])
  }
  const chips = quickChips(({ kind, source }) => {
    ignored = [...ignored, `${kind} ${source.trim()}`]
    show()
    input.focus()
  })
  input.addEventListener('focus', () => learn('').catch(() => undefined))
  input.addEventListener('input', () => {
    show()
    learn(input.value).then(show, () => undefined)
  })
  return {
    chips: chips.node,
    node: completions(input, names.sources),
    show,
    read: async () => {
      const text = input.value
      const without = ignored
      await inTime(learn(text))
      return read(text, without)
    },
    readLines: async (lines) => {
      await inTime(learn(lines.filter((line) => line.length <= MAX_LENGTH).join('\n')))
      return lines.map((line) =>
        line.length > MAX_LENGTH ? { title: line, parts: [], fields: {} } : understand(line)
      )
    }
  }
}

/** Names that cannot be looked up soon, as without a network, are words of the title. */
const inTime = (learning) =>
  Promise.race([
    learning.catch(() => undefined),
    new Promise((resolve) => setTimeout(resolve, PATIENCE_MS))
  ])
