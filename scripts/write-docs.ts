/** Writes the generated parts of the documents: the settings and the problem codes. */
import { readFileSync, writeFileSync } from 'node:fs'
import { GENERATED, withGeneratedParts } from './generated-docs.ts'

for (const file of Object.keys(GENERATED)) {
  const path = new URL(`../${file}`, import.meta.url)
  writeFileSync(path, withGeneratedParts(file, readFileSync(path, 'utf8')))
}
