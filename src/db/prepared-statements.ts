import { Column, noopDecoder, type SQL } from 'drizzle-orm'

interface Decoder {
  mapFromDriverValue(value: unknown): unknown
}
/** The private part of Drizzle's prepared statement that is used here: the fields of a row and their mapper. */
interface Statement {
  fields?: {
    path: string[]
    field: Column | (SQL & { decoder: Decoder }) | { sql: { decoder: Decoder } }
  }[]
  customResultMapper?: (rows: unknown[][]) => unknown[]
}
interface Preparable<T> {
  prepare(name: string): T
}

/**
 * Prepares a query once. With a name its plan is reused on each connection; without one the server plans it for the
 * values of each run. How its rows are mapped is decided once and not for every value.
 */
export function prepared<T>(query: Preparable<T>, name: string | undefined): T {
  const statement = query.prepare(name as string)
  const { fields } = statement as Statement
  if (fields?.every(({ path }) => path.length === 1)) {
    ;(statement as Statement).customResultMapper = rowMapper(fields)
  }
  return statement
}

type Rows = (rows: unknown[][]) => unknown[]

/**
 * Compiles the mapper of a statement's rows, as the validators and serializers of schemas are. Objects that a loop
 * fills, name by name, took fifteen times as long. The names are those that our code gives to columns.
 */
function rowMapper(fields: NonNullable<Statement['fields']>): Rows {
  const decoders = fields.map(({ field }) => unlessIdentity(decoderOf(field)))
  const members = fields.map(({ path }, i) => {
    const value = `row[${i}]`
    const decoded = `${value} === null ? null : decoders[${i}].mapFromDriverValue(${value})`
    return `${JSON.stringify(path[0])}: ${decoders[i] ? decoded : value}`
  })
  const body = `return (rows) => rows.map((row) => ({ ${members.join(', ')} }))`
  return new Function('decoders', body)(decoders) as Rows
}

function decoderOf(field: NonNullable<Statement['fields']>[number]['field']): Decoder {
  if (field instanceof Column) {
    return field
  }
  return 'decoder' in field ? field.decoder : field.sql.decoder
}

/** Returns undefined for a decoder that returns its input unchanged. */
const unlessIdentity = (decoder: Decoder): Decoder | undefined =>
  decoder === noopDecoder || decoder.mapFromDriverValue === Column.prototype.mapFromDriverValue
    ? undefined
    : decoder
