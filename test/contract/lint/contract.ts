import { exampleFaults, schemaExamples } from '../../support/examples.ts'
import { lintDirections } from './directions.ts'
import { lintDocument } from './document.ts'
import { lintLinks } from './links.ts'
import { lintOperation } from './operations.ts'
import { lintSchema } from './schemas.ts'
import { type Contract, isOpenapi30, MACHINE_MADE, type Report, type Schema } from './types.ts'

/** Returns what generators of clients cannot handle in a contract, each finding with its place. */
export function lintContract(contract: Contract): string[] {
  const findings: string[] = []
  const report: Report = (place, finding, ...conditions) => {
    if (conditions.every(Boolean)) {
      findings.push(`${place} ${finding}`)
    }
  }
  const operations = Object.entries(contract.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation }))
  )
  lintDocument(
    contract,
    operations.map(({ operation }) => operation.operationId),
    report
  )
  for (const { path, method, operation } of operations) {
    lintOperation(contract, path, method, operation, report)
  }
  for (const { path, method, operation } of operations) {
    lintLinks(contract, path, method, operation, report)
  }
  for (const [name, schema] of Object.entries(contract.components.schemas)) {
    lintComponent(contract, name, schema, report)
  }
  lintDirections(
    contract,
    operations.map(({ operation }) => operation),
    report
  )
  return findings
}

function lintComponent(contract: Contract, name: string, schema: Schema, report: Report): void {
  const isName = /^([A-Z][a-z0-9]+)+$/.test(name) && name.length <= 30
  report(name, 'is not a PascalCase name of up to 30 characters', !isName)
  report(name, 'looks like a generated name', MACHINE_MADE.test(name))
  const is30 = isOpenapi30(contract)
  lintSchema(schema, name, report, { named: true, described: true, is30 })
  for (const { place, at, value } of schemaExamples(schema, name)) {
    for (const fault of exampleFaults(contract, `#/components/schemas/${at}`, value)) {
      report(place, `has an example that is not valid: ${fault}`)
    }
  }
}
