import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Config } from '../../config.ts'

const FOLDER = fileURLToPath(new URL('./public', import.meta.url))
const PAGE = 'index.html'
const TYPES: Record<string, string> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml'
}

export interface ConsoleFile {
  type: string
  etag: string
  body: Buffer
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
  const names = readdirSync(FOLDER, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(FOLDER, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort()
  const assets = new Map(
    names
      .filter((name) => name !== PAGE)
      .map((name) => [name, createFile(name, readFileSync(join(FOLDER, name)))])
  )
  const version = hashOf([...assets].map(([name, { etag }]) => name + etag).join()).slice(0, 16)
  const page = readFileSync(join(FOLDER, PAGE), 'utf8')
    .replaceAll('{version}', version)
    // Preloads all modules at once, instead of one level of imports per round trip.
    .replace(
      '<!-- modules -->',
      names
        .filter((name) => name.endsWith('.js') && name !== 'theme.js')
        .map((name) => `<link rel="modulepreload" href="${version}/${name}">`)
        .join('\n    ')
    )
    .replace('{password-min}', String(config.PASSWORD_MIN_LENGTH))
    .replace('{email}', config.EMAIL_ENABLED ? 'on' : 'off')
    .replace('{registration}', config.REGISTRATION)
    .replace('{verification}', config.EMAIL_ENABLED ? config.EMAIL_VERIFICATION : 'off')
  return { page: createFile(PAGE, Buffer.from(page)), version, assets }
}

const hashOf = (content: string | Buffer) =>
  createHash('sha256').update(content).digest('base64url')

function createFile(name: string, body: Buffer): ConsoleFile {
  return {
    type: TYPES[name.slice(name.lastIndexOf('.') + 1)] as string,
    etag: `"${hashOf(body)}"`,
    body
  }
}
