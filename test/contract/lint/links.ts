import { type Contract, type Link, nameOf, type Operation, type Report } from './types.ts'

/** Reports links that lead nowhere, and those missing from a created resource or from a page to the next one. */
export function lintLinks(
  contract: Contract,
  path: string,
  method: string,
  operation: Operation,
  report: Report
): void {
  const id = operation.operationId
  const [status = '', response = {}] =
    Object.entries(operation.responses).find(([code]) => /^2/.test(code)) ?? []
  const body = nameOf(Object.values(response.content ?? {})[0]?.schema.$ref)
  const links = Object.entries(response.links ?? {})
  for (const [name, link] of links) {
    lintLink(contract, operation, body, link, `${id} ${status} link ${name}`, report)
  }
  const leadsTo = (target: string) => links.some(([, link]) => link.operationId === target)
  report(
    id,
    'has no link to its next page',
    // A stream goes on by itself.
    body && operation.parameters?.some((p) => p.name === 'cursor') && !leadsTo(id)
  )
  const isCreation = method === 'post' && ['201', '202'].includes(status)
  if (!isCreation || !contract.components.schemas[body]?.properties?.id) {
    return
  }
  for (const target of itemOperations(contract, path)) {
    report(id, `has no link to ${target.operationId}`, !leadsTo(target.operationId))
  }
}

const itemOperations = ({ paths }: Contract, path: string): Operation[] =>
  Object.entries(paths)
    .filter(([other]) => other.startsWith(path) && /^\/\{[^/}]+\}$/.test(other.slice(path.length)))
    .flatMap(([, methods]) => Object.values(methods))

function lintLink(
  contract: Contract,
  operation: Operation,
  body: string,
  { operationId, parameters = {} }: Link,
  place: string,
  report: Report
): void {
  const [target, path] = find(contract, operationId)
  if (!target || path === undefined) {
    report(place, 'leads nowhere')
    return
  }
  for (const [, needed = ''] of path.matchAll(/\{([^}]+)\}/g)) {
    report(place, `does not say ${needed}`, !parameters[needed])
  }
  for (const [parameter, expression] of Object.entries(parameters)) {
    const isKnown = target.parameters?.some((p) => p.name === parameter)
    report(place, `says ${parameter}, which ${operationId} does not take`, !isKnown)
    const isFound = resolves(contract, operation, body, expression)
    report(place, `takes ${parameter} from ${expression}, which does not exist`, !isFound)
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

/** Whether a runtime expression names something that the request or the body of the response has. */
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
