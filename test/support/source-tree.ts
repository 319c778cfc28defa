import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import * as ts from 'typescript'

/** The texts of files by their path below a folder. */
export type Files = Record<string, string>

const GENERATED = ['**/node_modules/**', '**/generated/**', '**/out/**', '**/results/**']

/** The TypeScript and JavaScript sources below a folder. */
export const readSources = (folder: string): Files =>
  Object.fromEntries(
    globSync(`${folder}/**/*.{ts,js}`, { exclude: GENERATED }).map((file) => [
      file.slice(folder.length + 1),
      readFileSync(file, 'utf8')
    ])
  )

/** The files that a file imports from, relative names resolved. */
export const importsOf = (file: string, text: string): string[] =>
  [...text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'(\.[^']+)'/g)].map((found) =>
    join(dirname(file), found[1] ?? '')
  )

export const countLines = (text: string): number => text.trimEnd().split('\n').length

/** Where lines are longer than `max`, as `file:line`. */
export const longLines = (files: Files, max: number): string[] =>
  Object.entries(files).flatMap(([file, text]) =>
    text
      .split('\n')
      .map((line, at) => ({ length: line.length, place: `${file}:${at + 1}` }))
      .filter(({ length }) => length > max)
      .map(({ place }) => place)
  )

/** Functions of more than `max` lines, as `file:line`; what `isExempt` names by its source is left out. */
export function longFunctions(
  files: Files,
  max: number,
  isExempt: (node: ts.Node) => boolean = () => false
): string[] {
  const found: string[] = []
  for (const [file, text] of Object.entries(files)) {
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
    const lineOf = (position: number) => source.getLineAndCharacterOfPosition(position).line
    const visit = (node: ts.Node): void => {
      if (ts.isFunctionLike(node) && 'body' in node && node.body && !isExempt(node)) {
        const first = lineOf(node.getStart(source))
        if (lineOf(node.end) - first + 1 > max) {
          found.push(`${file}:${first + 1}`)
        }
      }
      ts.forEachChild(node, visit)
    }
    visit(source)
  }
  return found
}

/** True for the function that is handed to `t.test` or `test`: it is as long as its behaviour has steps. */
export const isTestCallback = (node: ts.Node): boolean =>
  ts.isCallExpression(node.parent) && /\btest$/.test(node.parent.expression.getText())
