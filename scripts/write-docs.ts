/** Writes the generated tables of the documents. */
import { readFileSync, writeFileSync } from 'node:fs'
import { withTables } from '../test/support/readme-tables.ts'

const file = new URL('../README.md', import.meta.url)
writeFileSync(file, withTables(readFileSync(file, 'utf8')))
