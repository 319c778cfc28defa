import { readdirSync, readFileSync } from 'node:fs'
import { basename, extname, join } from 'node:path'

/** What generators call a thing that has no name of its own. */
const INVENTED = /Inline|AnyOf|OneOf|AllOf|_type_\d|\d$/
/** A declaration of a type at the beginning of a line, in any of our languages. */
const DECLARATION =
  /^[ \t]*(?:(?:export|declare|default|public|final|abstract|static|sealed|data|open|internal|partial|pub)\s+)*(?:class|interface|enum|struct|trait|type|record|module|object)\s+([A-Za-z_]\w*)/gm
/** openapi-typescript writes components as keys of one interface. */
const KEY = /^ {8}"?([A-Za-z_][\w.]*)"?\??: (?:\{|"|string|number|boolean)/gm
const SOURCES = new Set(['.ts', '.py', '.go', '.java', '.rs', '.kt', '.php', '.rb', '.cs'])
/** Built things and fetched ones are not generated. */
const FOREIGN = new Set(['node_modules', 'target', 'classes', 'lib-jars', 'docs'])

/** All names of files and types below a folder of generated code, and those among them that a generator had to invent. */
export function namesIn(folder: string): { names: string[]; invented: string[] } {
  const names = new Set<string>()
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name)
    if (
      !entry.isFile() ||
      !SOURCES.has(extname(file)) ||
      file
        .slice(folder.length)
        .split('/')
        .some((part) => FOREIGN.has(part))
    ) {
      continue
    }
    names.add(basename(file).split('.')[0] as string)
    const text = readFileSync(file, 'utf8')
    for (const pattern of file.endsWith('.d.ts') ? [DECLARATION, KEY] : [DECLARATION]) {
      for (const [, name] of text.matchAll(pattern)) {
        names.add(name as string)
      }
    }
  }
  return { names: [...names], invented: [...names].filter((name) => INVENTED.test(name)) }
}
