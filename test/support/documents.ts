import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The folder of the project. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Reads a file of the project, by its path from there. */
export const readDocument = (file: string): string => readFileSync(`${ROOT}/${file}`, 'utf8')

/** Returns the code blocks of a language. */
export const blocks = (markdown: string, language: string): string[] =>
  [...markdown.matchAll(/^```(\w+)\n(.*?)^```/gms)]
    .filter(([, found]) => found === language)
    .map(([, , code]) => code ?? '')

/** Returns what stands below a heading of the second level. */
export const section = (markdown: string, title: string): string =>
  markdown.slice(markdown.indexOf(`\n## ${title}\n`)).split('\n## ')[1] ?? ''
