import type { ProblemCode } from '../../core/problem.ts'

/** The parts of an OpenAPI document that we change, with what the routes declare beside it. */
export interface Media {
  schema: { $ref?: string } & Record<string, unknown>
  examples?: Record<string, Example>
}
export interface Example {
  summary: string
  value: unknown
}
export interface ResponseObject {
  description: string
  content?: Record<string, Media>
  headers?: Record<string, unknown>
  links?: Record<string, unknown>
  $ref?: string
}
export interface Parameter {
  in: string
  name: string
  schema: Record<string, unknown>
  description?: string
  required?: boolean
  style?: string
  explode?: boolean
}
export interface Operation {
  operationId: string
  description: string
  tags: string[]
  security?: unknown[]
  parameters?: Parameter[]
  requestBody?: { content: Record<string, Media>; required?: boolean; description?: string }
  responses: Record<string, ResponseObject>
  'x-allow'?: string
  'x-scope'?: string
  'x-problems'?: ProblemCode[]
}
export interface RawDocument {
  paths: Record<string, Record<string, Operation>>
  components: Components
  security: unknown[]
  servers: { url: string }[]
  tags: { name: string }[]
  webhooks?: Record<string, unknown>
}
export interface Component extends Record<string, unknown> {
  description?: string
  properties?: Record<string, unknown>
  examples?: unknown[]
}
export interface Components {
  schemas: Record<string, Component>
  responses?: Record<string, unknown>
  headers?: Record<string, unknown>
  securitySchemes: Record<string, unknown>
}
export type Document = RawDocument
