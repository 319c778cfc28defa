export type Schema = Record<string, unknown> & {
  $ref?: string
  type?: string | string[]
  properties?: Record<string, Schema>
  items?: Schema
  required?: string[]
  enum?: unknown[]
}
export interface Media {
  schema: Schema
  example?: unknown
  examples?: Record<string, { value?: unknown }>
}
export interface Link {
  operationId?: string
  parameters?: Record<string, string>
}
export interface Response {
  $ref?: string
  description?: string
  content?: Record<string, Media>
  headers?: Record<string, { $ref?: string }>
  links?: Record<string, Link>
}
export interface Parameter {
  name: string
  in: string
  description?: string
  required?: boolean
  style?: string
  explode?: boolean
  schema: Schema
}
export interface Operation {
  operationId: string
  summary?: string
  description?: string
  tags?: string[]
  security?: unknown[]
  parameters?: Parameter[]
  requestBody?: { required?: boolean; content: Record<string, Media> }
  responses: Record<string, Response>
}
export interface Contract {
  openapi: string
  info: Record<string, unknown>
  servers: { url: string }[]
  security: unknown
  tags: { name: string; description?: string }[]
  paths: Record<string, Record<string, Operation>>
  components: {
    schemas: Record<string, Schema>
    responses: Record<string, Response>
    headers: Record<string, { description?: string; schema: Schema }>
    securitySchemes: Record<string, { type: string }>
  }
}

/** Records a finding at a place of the contract, if all conditions are truthy. */
export type Report = (place: string, finding: string, ...conditions: unknown[]) => void

/** Returns the name of the component that a reference is to. */
export const nameOf = ($ref: string | undefined): string => $ref?.split('/').at(-1) ?? ''
export const isOpenapi30 = ({ openapi }: Contract): boolean => openapi.startsWith('3.0')
/** What a generator calls a schema that has no name of its own. */
export const MACHINE_MADE = /Inline|AnyOf|OneOf|AllOf|_type_\d|\d$/
