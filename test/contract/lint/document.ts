import { lintSchema } from './schemas.ts'
import { type Contract, isOpenapi30, type Report } from './types.ts'

/** Reports what is wrong with the document besides its operations and schemas. */
export function lintDocument(contract: Contract, operationIds: string[], report: Report): void {
  const text = JSON.stringify(contract)
  report('openapi', 'is neither 3.1.0 nor 3.0.3', !['3.1.0', '3.0.3'].includes(contract.openapi))
  for (const key of ['title', 'version', 'description', 'contact', 'license']) {
    report('info', `has no ${key}`, !contract.info[key])
  }
  report('the document', 'publishes oauth2', text.includes('oauth2'))
  report(
    'security',
    'is not bearerAuth alone',
    JSON.stringify(contract.security) !== '[{"bearerAuth":[]}]' ||
      Object.keys(contract.components.securitySchemes).join() !== 'bearerAuth'
  )
  report(
    'servers',
    'is not one origin',
    contract.servers.length !== 1 || !/^https?:\/\/[^/{}]+$/.test(contract.servers[0]?.url ?? '')
  )
  for (const id of new Set(operationIds.filter((id, i) => operationIds.indexOf(id) !== i))) {
    report(id, 'is the name of two operations')
  }
  lintTags(contract, report)
  lintReferences(contract, text, report)
  for (const [name, header] of Object.entries(contract.components.headers)) {
    lintSchema({ description: header.description, ...header.schema }, `header ${name}`, report, {
      described: true,
      is30: isOpenapi30(contract)
    })
  }
  for (const path of Object.keys(contract.paths)) {
    lintPath(contract, path, report)
  }
}

function lintTags(contract: Contract, report: Report): void {
  for (const { name, description } of contract.tags) {
    report(
      `tag ${name}`,
      'is not PascalCase with a description',
      !/^([A-Z][a-z0-9]+)+$/.test(name) || !description
    )
  }
  for (const { name } of contract.tags) {
    report(
      `tag ${name}`,
      'has no operation',
      !Object.values(contract.paths).some((methods) =>
        Object.values(methods).some(({ tags }) => tags?.includes(name))
      )
    )
  }
}

function lintReferences(contract: Contract, text: string, report: Report): void {
  const referred = new Set([...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref]) => ref as string))
  const declared = Object.entries(contract.components)
    .filter(([kind]) => kind !== 'securitySchemes')
    .flatMap(([kind, parts]) => Object.keys(parts).map((name) => `#/components/${kind}/${name}`))
  for (const ref of referred) {
    report(ref, 'is referred to but not declared', !declared.includes(ref))
  }
  for (const ref of declared) {
    report(ref, 'is declared but never referred to', !referred.has(ref))
  }
}

/** No id is called so, and its method is one that an import by its id does not have. */
const ALLOWED_BESIDE = new Set(['/api/v1/task-imports/preview'])

/** Reports a fixed path that a path parameter would match as well. */
function lintPath(contract: Contract, path: string, report: Report): void {
  const beside = Object.keys(contract.paths).find(
    (other) =>
      other.replace(/\{[^}]+\}$/, '') === path.replace(/[^/{}]+$/, '') &&
      /\{[^}]+\}$/.test(other) &&
      !/\}$/.test(path)
  )
  report(path, `is beside ${beside}`, beside && !ALLOWED_BESIDE.has(path))
}
