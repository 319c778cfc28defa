import { readFileSync } from 'node:fs'
import { catalogue } from '../../src/core/problem.ts'

const read = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')
const row = (cells: string[]) => `| ${cells.join(' | ')} |\n`
const table = (head: string[], rows: string[][]) =>
  [head, head.map(() => '---'), ...rows].map(row).join('')
const inCell = (text: string) => text.replaceAll('|', '\\|').replaceAll('<', '&lt;')

const tables: Record<string, () => string> = {
  configuration: () =>
    table(
      ['Variable', 'Default', 'Meaning'],
      [...read('.env.example').matchAll(/^# (.+)\n#([A-Z_]+)=(.*)$/gm)].map(
        ([, meaning = '', name = '', value = '']) => [
          `\`${name}\``,
          value && `\`${value}\``,
          inCell(meaning)
        ]
      )
    ),
  problems: () =>
    table(
      ['Code', 'Status', 'Title'],
      Object.entries(catalogue).map(([code, [status, title]]) => [
        `\`${code}\``,
        String(status),
        title
      ])
    )
}

/** The README with its tables as .env.example and the catalogue of problems have them. */
export function withTables(readme: string): string {
  return Object.entries(tables).reduce((text, [name, build]) => {
    const place = new RegExp(`(<!-- ${name}: [^\\n]*-->\\n).*(<!-- /${name} -->)`, 's')
    if (!place.test(text)) {
      throw new Error(`README.md has no place for the table of ${name}`)
    }
    return text.replace(place, (_, before, after) => before + build() + after)
  }, readme)
}
