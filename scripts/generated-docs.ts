import { readFileSync } from 'node:fs'
import { Environment } from '../src/config.ts'
import { catalogue } from '../src/core/problem.ts'
import { CONFIG_FORMATS } from '../src/lib/config-formats.ts'

const LINE_WIDTH = 120

interface SettingSchema {
  [keyword: string]: unknown
  type?: string
  enum?: string[]
  format?: string
  minimum?: number
  maximum?: number
}

const read = (file: string) => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8')

/** The documents with generated parts, and what writes each part. */
export const GENERATED: Record<string, Record<string, () => string>> = {
  'docs/authorization.md': { operations: listOperations },
  'docs/configuration.md': { settings: listSettings },
  'docs/errors.md': { problems: listProblems }
}

/** Returns a document with each of its generated parts written anew. */
export function withGeneratedParts(file: string, document: string): string {
  return Object.entries(GENERATED[file] ?? {}).reduce((text, [name, write]) => {
    const part = new RegExp(`(<!-- ${name}: [^\\n]*-->\\n).*(<!-- /${name} -->)`, 's')
    if (!part.test(text)) {
      throw new Error(`${file} has no markers for the generated part “${name}”`)
    }
    return text.replace(part, (_, before, after) => `${before}\n${write()}\n${after}`)
  }, document)
}

/** Lists every setting of `.env.example` under its section, with the values that the schema allows. */
function listSettings(): string {
  const schemas: Record<string, SettingSchema> = Environment.properties
  const parts = read('.env.example').matchAll(/^# --- (.+)$|((?:^# .*\n)+)#([A-Z_]+)=(.*)$/gm)
  return [...parts]
    .map(([, section, comment = '', name = '', value = '']) =>
      section === undefined
        ? describeSetting(name, comment, value, schemas[name] ?? {})
        : `## ${section}\n`
    )
    .join('\n')
}

function describeSetting(
  name: string,
  comment: string,
  value: string,
  schema: SettingSchema
): string {
  const meaning = comment.replaceAll(/^# /gm, '').trim().replaceAll('\n', ' ')
  const facts = [defaultOf(meaning, value), allowedValues(schema)].filter((fact) => fact !== '')
  return `### ${name}\n\n${wrap(meaning)}\n\n${wrap(facts.join(' '))}\n`
}

/** Returns nothing for a default that depends on other settings, which the comment explains. */
function defaultOf(meaning: string, value: string): string {
  if (value !== '') {
    return `Default: \`${value}\`.`
  }
  return /\bdefault\b/i.test(meaning) ? '' : 'Default: none.'
}

function allowedValues({ type, enum: choices, format, minimum, maximum }: SettingSchema): string {
  if (choices) {
    return `One of ${choices.map((choice) => `\`${choice}\``).join(', ')}.`
  }
  if (type === 'boolean') {
    return '`on` or `off`.'
  }
  if (type === 'integer') {
    return `A whole number from ${minimum} to ${maximum}.`
  }
  const rule = format && CONFIG_FORMATS[format]?.rule
  return rule ? `The value ${rule}.` : ''
}

/** Breaks text into lines, so that `<` in it is no HTML. */
function wrap(text: string): string {
  const lines = ['']
  for (const word of text.replaceAll('<', '&lt;').split(' ')) {
    const line = `${lines.at(-1)} ${word}`.trimStart()
    if (line.length > LINE_WIDTH) {
      lines.push(word)
    } else {
      lines[lines.length - 1] = line
    }
  }
  return lines.join('\n')
}

interface Operation {
  operationId: string
  description: string
  security?: unknown[]
}

/** Lists who may call each operation, as the committed contract says, ordered by path. */
function listOperations(): string {
  const { paths } = JSON.parse(read('openapi/openapi.json')) as {
    paths: Record<string, Record<string, Operation>>
  }
  const rows = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => [
      `\`${operation.operationId}\``,
      `\`${method.toUpperCase()} ${path.replace('/api/v1', '')}\``,
      ...accessOf(operation)
    ])
  )
  return table(['Operation', 'Route', 'Who', 'Scope of an API key'], rows)
}

function accessOf({ description, security }: Operation): [who: string, scope: string] {
  if (security?.length === 0) {
    return ['anyone', '']
  }
  const [, role = 'user'] = /Requires the role `(\w+)`/.exec(description) ?? []
  const [, scope] = /API keys need the scope (`[\w:]+`)/.exec(description) ?? []
  return [role, scope ?? 'none: closed to keys']
}

/** Lists every problem code with its status and title, ordered by status. */
function listProblems(): string {
  const rows = Object.entries(catalogue).map(([code, [status, title]]) => [
    `\`${code}\``,
    String(status),
    title
  ])
  return table(['Code', 'Status', 'Title'], rows)
}

const table = (head: string[], rows: string[][]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('')
