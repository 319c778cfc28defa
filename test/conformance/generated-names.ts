import { type Dirent, readdirSync, readFileSync } from 'node:fs'
import { basename, extname, join } from 'node:path'

/** How generators name a schema that has no name of its own. */
const INVENTED = /Inline|AnyOf|OneOf|AllOf|_type_\d|\d$/
const MODIFIERS =
  'export|declare|default|public|final|abstract|static|sealed|data|open|internal|partial|pub'
const KEYWORDS = 'class|interface|enum|struct|trait|type|record|module|object'
/** A declaration of a type at the beginning of a line, in any of our languages. */
const DECLARATION = new RegExp(
  `^[ \\t]*(?:(?:${MODIFIERS})\\s+)*(?:${KEYWORDS})\\s+([A-Za-z_]\\w*)`,
  'gm'
)
/** openapi-typescript writes components as keys of one interface. */
const KEY = /^ {8}"?([A-Za-z_][\w.]*)"?\??: (?:\{|"|string|number|boolean)/gm
const SOURCES = new Set(['.ts', '.py', '.go', '.java', '.rs', '.kt', '.php', '.rb', '.cs'])
/** Folders of build results and dependencies. */
const EXCLUDED = new Set(['node_modules', 'target', 'classes', 'lib-jars', 'docs'])

/** Collects the names of files and types in generated code, and those that the generator had to invent. */
export function collectNames(folder: string): { names: string[]; invented: string[] } {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => isGeneratedSource(entry, folder)).map(pathOf)
  const names = [...new Set(files.flatMap((file) => [fileNameOf(file), ...declaredIn(file)]))]
  return { names, invented: names.filter((name) => INVENTED.test(name)) }
}

const pathOf = (entry: Dirent): string => join(entry.parentPath, entry.name)
const fileNameOf = (file: string): string => basename(file).split('.')[0] as string

function isGeneratedSource(entry: Dirent, folder: string): boolean {
  const parts = pathOf(entry).slice(folder.length).split('/')
  return (
    entry.isFile() && SOURCES.has(extname(entry.name)) && !parts.some((part) => EXCLUDED.has(part))
  )
}

function declaredIn(file: string): string[] {
  const text = readFileSync(file, 'utf8')
  const patterns = file.endsWith('.d.ts') ? [DECLARATION, KEY] : [DECLARATION]
  return patterns.flatMap((pattern) =>
    [...text.matchAll(pattern)].map(([, name]) => name as string)
  )
}
