import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import type { Config } from '../../config.ts'
import { joinModules, joinStyles } from './join.ts'

const FOLDER = fileURLToPath(new URL('./public', import.meta.url))
const PAGE = 'index.html'
const STYLES = 'style.css'
/** What the first page needs, and what the others do. A classic script in the head of the page stands alone. */
const ENTRIES = ['main.js', 'later.js']
const SCRIPT = 'before-paint.js'
/** Libraries under `vendor/`, by the module that is loaded when it is needed, with whatever that imports. */
const LIBRARIES = [
  { folder: 'vendor/marked', module: import.meta.resolve('marked') },
  { folder: 'vendor/chrono-node', module: import.meta.resolve('chrono-node/en'), above: 2 }
]
const TYPES: Record<string, string> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  png: 'image/png',
  webmanifest: 'application/manifest+json'
}

export interface ConsoleFile {
  type: string
  etag: string
  body: Buffer
  /** Absent for what is compressed already. Made when it is first asked for, and kept. */
  compressed?: () => { etag: string; body: Buffer }
}
export interface ConsoleFiles {
  page: ConsoleFile
  /** Hash of all assets. Part of their URLs, so that the content of a URL never changes. */
  version: string
  assets: Map<string, ConsoleFile>
}

/** Reads all files of the console into memory. Requests never read from the disk. */
export function readConsole(
  config: Pick<
    Config,
    'PASSWORD_MIN_LENGTH' | 'EMAIL_ENABLED' | 'EMAIL_VERIFICATION' | 'REGISTRATION'
  >
): ConsoleFiles {
  const { version, assets } = readAssets()
  const page = readText(PAGE)
    .replaceAll('{version}', version)
    .replace('{password-min}', String(config.PASSWORD_MIN_LENGTH))
    .replace('{email}', config.EMAIL_ENABLED ? 'on' : 'off')
    .replace('{registration}', config.REGISTRATION)
    .replace('{verification}', config.EMAIL_ENABLED ? config.EMAIL_VERIFICATION : 'off')
  return { page: createFile(PAGE, Buffer.from(page)), version, assets }
}

let read: Pick<ConsoleFiles, 'version' | 'assets'> | undefined

/** Modules and style sheets are joined, since a request costs more than what most of them hold (decision 0025). */
function readAssets() {
  read ??= withVersion(
    new Map([
      ...[...joinModules(ENTRIES, readText), [STYLES, joinStyles(readText(STYLES), readText)]].map(
        ([name = '', text = '']) => [name, createFile(name, Buffer.from(text))] as const
      ),
      ...readdirSync(FOLDER)
        .filter((name) => name === SCRIPT || /\.(png|svg|webmanifest)$/.test(name))
        .map((name) => [name, createFile(name, readFileSync(join(FOLDER, name)))] as const),
      ...LIBRARIES.flatMap(readLibrary)
    ])
  )
  return read
}

const withVersion = (assets: Map<string, ConsoleFile>) => ({
  assets,
  version: hashOf([...assets].map(([name, { etag }]) => name + etag).join()).slice(0, 16)
})

const readText = (name: string) => readFileSync(join(FOLDER, name), 'utf8')

/** Reads a module of a package and the modules that it imports, under their places in the package. */
function readLibrary({ folder, module, above = 0 }: (typeof LIBRARIES)[number]) {
  const entry = fileURLToPath(module)
  const root = join(dirname(entry), '../'.repeat(above))
  return [...importsOf(entry)].map(([file, source]) => {
    const name = `${folder}/${nameIn(root, file)}`
    return [name, createFile(name, Buffer.from(source.replace(SOURCE_MAP, '')))] as const
  })
}

const nameIn = (folder: string, file: string) => relative(folder, file).split(sep).join('/')

/** Reads a module and the modules that it imports, but not those that it loads later by `import()`. */
function importsOf(entry: string, found = new Map<string, string>()): Map<string, string> {
  if (!found.has(entry)) {
    const source = readFileSync(entry, 'utf8')
    found.set(entry, source)
    for (const [, path = ''] of source.matchAll(RELATIVE_IMPORT)) {
      importsOf(join(dirname(entry), path), found)
    }
  }
  return found
}

const RELATIVE_IMPORT = /\b(?:from|import)\s*["'](\.[^"']+)["']/g
/** Maps are not served. */
const SOURCE_MAP = /^\/\/# sourceMappingURL=.*$/m

const hashOf = (content: string | Buffer) =>
  createHash('sha256').update(content).digest('base64url')

function createFile(name: string, body: Buffer): ConsoleFile {
  const type = TYPES[name.slice(name.lastIndexOf('.') + 1)] as string
  const hash = hashOf(body)
  const file = { type, etag: `"${hash}"`, body }
  if (type === TYPES.png) {
    return file
  }
  let gzip: Buffer | undefined
  const compressed = () => {
    gzip ??= gzipSync(body, { level: 9 })
    // With a hyphen it would be taken for the tag of the plain file behind a proxy that compresses.
    return { etag: `"${hash}.gzip"`, body: gzip }
  }
  return { ...file, compressed }
}
