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
 * values of each run. The decoders of its columns are looked up once and not for every value of every row.
 */
export function prepared<T>(query: Preparable<T>, name: string | undefined): T {
  const statement = query.prepare(name as string)
  const { fields } = statement as Statement
  if (fields?.every(({ path }) => path.length === 1)) {
    ;(statement as Statement).customResultMapper = rowMapper(fields)
  }
  return statement
}

function rowMapper(fields: NonNullable<Statement['fields']>): (rows: unknown[][]) => unknown[] {
  const plan = fields.map(({ path, field }) => ({
    name: path[0] as string,
    decoder: unlessIdentity(decoderOf(field))
  }))
  return (rows) =>
    rows.map((row) => {
      const result: Record<string, unknown> = {}
      for (let i = 0; i < plan.length; i++) {
        const { name, decoder } = plan[i] as (typeof plan)[number]
        const value = row[i]
        result[name] =
          decoder === undefined || value === null ? value : decoder.mapFromDriverValue(value)
      }
      return result
    })
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
