import { posix } from 'node:path'

/** How modules of the console import and export. Nothing else is joined, so that nothing is joined wrongly. */
const IMPORT = /^import (?:\{([^}]*)\} from )?'(\.[^']+)'$/gm
const REEXPORT = /^export \{([^}]*)\} from '(\.[^']+)'$/gm
const EXPORT = /^export (?=(?:async )?(?:function|class|const) (\w+))/gm
const LATER = /\bimport\('(\.[^']+)'\)/g
const OTHER = /^(?:import|export)\b.*/m
/** Comments on lines of their own, a fifth of what is sent. They are in the sources for whoever wants to read them. */
const COMMENTS = /^\s*(?:\/\/.*|\/\*[\s\S]*?\*\/)\n/gm

/**
 * Joins ES modules into as few as are loaded at once: `entries` by name, each with all that it imports and no entry
 * before it has. The first one is what the others import. A module is a function that is called once, so that its
 * names stay its own: `import()` is for entries and for what is not joined.
 */
export function joinModules(entries: string[], read: (name: string) => string) {
  const [first = ''] = entries
  const joined = new Set<string>()
  return new Map(
    entries.map((entry) => {
      const parts: string[] = []
      const add = (name: string, importers: string[]) => {
        if (importers.includes(name)) {
          throw new Error(`The modules ${[...importers, name].join(', ')} import each other.`)
        }
        if (!joined.has(name)) {
          const source = read(name).replace(COMMENTS, '')
          for (const path of importsOf(source)) {
            add(resolve(name, path), [...importers, name])
          }
          joined.add(name)
          parts.push(name === entry ? linked(name, source) : asFunction(name, source))
        }
      }
      add(entry, [])
      const modules =
        entry === first ? 'export const $modules = {}' : `import { $modules } from './${first}'`
      return [entry, [modules, ...parts].join('\n')]
    })
  )
}

const resolve = (name: string, path: string) => posix.join(posix.dirname(name), path)

const importsOf = (source: string) =>
  [IMPORT, REEXPORT].flatMap((form) => [...source.matchAll(form)].map(([, , path = '']) => path))

function asFunction(name: string, source: string): string {
  const names = [...source.matchAll(EXPORT)].map(([, exported]) => exported)
  const body = linked(name, source.replace(EXPORT, ''))
  return `$modules['${name}'] = (() => {\n${body}\nreturn { ${names.join(', ')} }\n})()`
}

/** Takes what a module imports from those before it. */
function linked(name: string, source: string): string {
  const destructured = (names: string, path: string) =>
    `{ ${names.trim().replaceAll(' as ', ': ')} } = $modules['${resolve(name, path)}']`
  const text = source
    .replace(IMPORT, (_, names, path) => (names ? `const ${destructured(names, path)}` : ''))
    .replace(REEXPORT, (_, names, path) => `export const ${destructured(names, path)}`)
    .replace(LATER, (_, path) => `import('./${resolve(name, path)}')`)
    .replaceAll('import.meta.url', `new URL('./${name}', import.meta.url).href`)
  const [other] = OTHER.exec(text.replace(EXPORT, '').replace(/^export const \{/gm, '')) ?? []
  if (other) {
    throw new Error(`${name} cannot be joined: ${other}`)
  }
  return `// ${name}\n${text}`
}

/** Joins style sheets: one that imports others, whatever else it holds. */
export const joinStyles = (source: string, read: (name: string) => string): string =>
  source.replace(/^@import "([^"]+)";$/gm, (_, name) => read(name))
