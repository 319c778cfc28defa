import { call } from '../lib/api.js'
import { findPeople } from '../lib/people.js'
import { loadProjects, mayEditTasksOf } from '../lib/projects.js'
import { currentUser } from '../lib/session.js'
import { personOption } from '../ui/completions.js'
import { PRIORITIES } from './labels.js'

const RECENT_TASKS = 100
/** How many names one text may have looked up: pasted lines may be a whole conversation. */
const MAX_LOOKUPS = 20

/**
 * Knows the names that words of a new task may stand for. `names()` has those that are known by now, `learn(text)`
 * looks up the ones that a text begins with, and `sources` finds completions.
 */
export function quickNames({ projectId }) {
  const people = new Map()
  let projects = []
  let tags
  const asked = new Set()
  const addPeople = (found) => {
    for (const { id, display_name, username } of found) {
      for (const name of [username, display_name].filter(Boolean)) {
        people.set(name.toLowerCase(), { name, value: id, label: display_name })
      }
    }
    return found
  }
  const search = async (q, signal) => {
    const { people: found } = await findPeople({ q, project_id: projectId(), signal })
    return addPeople(found)
  }
  const loadEditable = async () => {
    projects = (await loadProjects()).filter(mayEditTasksOf)
    return projects
  }
  return {
    names: () => ({
      '@': [...people.values(), ...meOf()],
      '/': projects.map(({ id, name }) => ({ name, value: id, label: name }))
    }),
    learn: async (text) => {
      const words = [...text.matchAll(/(?<=^|\s)@([^\s@]{1,60})/g)].map(([, word]) => word)
      const wanted = [...new Set(words)].filter((word) => !asked.has(word)).slice(0, MAX_LOOKUPS)
      for (const word of wanted) {
        asked.add(word)
      }
      const needsProjects = /(^|\s)\/\S/.test(text)
      await Promise.all([
        needsProjects && loadEditable(),
        ...wanted.map((word) => search(word).catch(() => asked.delete(word)))
      ])
    },
    sources: {
      '#': async (text) => {
        tags ??= loadTags().catch(() => [])
        return matching(await tags, text)
      },
      '@': async (text, signal) => (await search(text, signal)).map(personOption),
      '/': async (text) =>
        matching(
          (await loadEditable()).map(({ name }) => optionOf(name)),
          text
        ),
      '!': (text) =>
        matching(
          Object.entries(PRIORITIES).map(([value, label]) => ({ label, insert: value })),
          text
        )
    }
  }
}

/** Nobody, once the session has ended: a task that could not be saved gives its text back later than that. */
const meOf = () => {
  const user = currentUser()
  return user ? [{ name: 'me', value: user.id, label: 'Me' }] : []
}

const optionOf = (name) => ({ label: name, insert: name })

/** Options that begin with a text come first; what is typed in full needs no completion. */
function matching(options, text) {
  const wanted = text.toLowerCase()
  const rank = ({ label }) => label.toLowerCase().indexOf(wanted)
  const found = options
    .filter((option) => rank(option) >= 0)
    .sort((a, b) => Math.sign(rank(a)) - Math.sign(rank(b)))
  return found.some(({ insert }) => insert.toLowerCase() === wanted) ? [] : found
}

/** The tags of the tasks that were changed last, the most frequent first. */
async function loadTags() {
  const query = { sort: 'updated_at_desc', limit: RECENT_TASKS }
  const { data } = await call('GET', '/tasks', { query })
  const counts = new Map()
  for (const tag of data.flatMap((task) => task.tags)) {
    counts.set(tag, (counts.get(tag) ?? 0) + 1)
  }
  return [...counts]
    .sort((a, b) => b[1] - a[1])
    .map(([tag]) => ({ label: tag, insert: /[\s#"]/.test(tag) ? `"${tag}"` : tag }))
}
