import type { Contract, Operation } from './contract-lint.ts'
import { nameOf, type Report } from './contract-lint-schemas.ts'

/** What is made must lead to everything that can be done with it, a page to the next one, and no link may lead astray. */
export function lintLinks(
  contract: Contract,
  path: string,
  method: string,
  operation: Operation,
  report: Report
): void {
  const id = operation.operationId
  const [status = '', answer = {}] =
    Object.entries(operation.responses).find(([code]) => /^2/.test(code)) ?? []
  const body = nameOf(Object.values(answer.content ?? {})[0]?.schema.$ref)
  const links = Object.entries(answer.links ?? {})
  for (const [name, { operationId, parameters = {} }] of links) {
    const place = `${id} ${status} link ${name}`
    const [target, way] = find(contract, operationId)
    if (!target || way === undefined) {
      report(place, 'leads nowhere')
      continue
    }
    for (const needed of way.matchAll(/\{([^}]+)\}/g)) {
      if (!parameters[needed[1] as string]) {
        report(place, `does not say ${needed[1]}`)
      }
    }
    for (const [parameter, expression] of Object.entries(parameters)) {
      if (!target.parameters?.some((p) => p.name === parameter)) {
        report(place, `says ${parameter}, which ${operationId} does not take`)
      }
      if (!resolves(contract, operation, body, expression)) {
        report(place, `takes ${parameter} from ${expression}, which is not there`)
      }
    }
  }
  const leadsTo = (target: string) => links.some(([, link]) => link.operationId === target)
  if (operation.parameters?.some((p) => p.name === 'cursor') && !leadsTo(id)) {
    report(id, 'has no link to its next page')
  }
  if (
    method !== 'post' ||
    !['201', '202'].includes(status) ||
    !contract.components.schemas[body]?.properties?.id
  ) {
    return
  }
  for (const [other, methods] of Object.entries(contract.paths)) {
    if (!other.startsWith(`${path}/{`) || !other.endsWith('}')) {
      continue
    }
    for (const target of Object.values(methods)) {
      if (!leadsTo(target.operationId)) {
        report(id, `has no link to ${target.operationId}`)
      }
    }
  }
}

function find(
  contract: Contract,
  operationId: string | undefined
): [operation?: Operation, path?: string] {
  for (const [path, methods] of Object.entries(contract.paths)) {
    for (const operation of Object.values(methods)) {
      if (operation.operationId === operationId) {
        return [operation, path]
      }
    }
  }
  return []
}

/** Whether a runtime expression names something that the request or the body of the answer has. */
function resolves(
  contract: Contract,
  operation: Operation,
  body: string,
  expression: string
): boolean {
  const [, inPath] = /^\$request\.path\.(.+)$/.exec(expression) ?? []
  if (inPath !== undefined) {
    return operation.parameters?.some((p) => p.in === 'path' && p.name === inPath) ?? false
  }
  const [, pointer] = /^\$response\.body#\/(.+)$/.exec(expression) ?? []
  let schema = contract.components.schemas[body]
  for (const name of pointer?.split('/') ?? []) {
    const next = schema?.properties?.[name]
    schema = next?.$ref === undefined ? next : contract.components.schemas[nameOf(next.$ref)]
  }
  return pointer !== undefined && schema !== undefined
}
