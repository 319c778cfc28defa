import { readFileSync } from 'node:fs'
import t from 'tap'
import { openapi30Cases } from './cases/openapi-3.0.ts'
import { operationCases } from './cases/operations.ts'
import type { Case, Operation } from './cases/parts.ts'
import { schemaCases } from './cases/schemas.ts'
import { lintContract } from './lint/contract.ts'
import type { Contract, Schema } from './lint/types.ts'

const [committed, twin] = ['openapi.json', 'openapi-3.0.json'].map((name) =>
  readFileSync(new URL(`../../openapi/${name}`, import.meta.url), 'utf8')
) as [string, string]

t.test(
  'neither form of the committed contract has anything that generators of clients cannot handle',
  async (t) => {
    t.strictSame(lintContract(JSON.parse(committed)), [])
    t.strictSame(lintContract(JSON.parse(twin)), [])
  }
)

t.test('both are plain ASCII, end in a line break and contain no generated names', async (t) => {
  for (const text of [committed, twin]) {
    t.match(text, /^[\x20-\x7e\n]*\n$/)
    t.notMatch(text, /def-\d|InlineObject|file:\/\//)
  }
})

/** Keeps a few operations with what they refer to: each further one would slow down every case. */
function excerpt(whole: Contract): Contract {
  const paths = Object.fromEntries(
    Object.entries(whole.paths).filter(([path]) =>
      /^\/api\/v1\/(tasks|me)(\/\{task_id\})?$/.test(path)
    )
  )
  const { schemas } = whole.components
  const reach = (text: string, seen: Set<string>): Set<string> => {
    for (const [, name = ''] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
      if (!seen.has(name)) {
        reach(JSON.stringify(schemas[name]), seen.add(name))
      }
    }
    return seen
  }
  const reached = reach(JSON.stringify([paths, whole.components.responses]), new Set())
  return {
    ...whole,
    paths,
    components: {
      ...whole.components,
      schemas: Object.fromEntries(Object.entries(schemas).filter(([name]) => reached.has(name)))
    }
  }
}

t.test('the linter finds every forbidden construct and names its place', async (t) => {
  const catches = (document: string, constructs: Case[]) => {
    const some = excerpt(JSON.parse(document))
    const known = new Set(lintContract(some))
    for (const [construct, finding, put] of constructs) {
      const c = structuredClone(some)
      const at = (path: string, method: string) => c.paths[path]?.[method] as Operation
      put({
        c,
        task: c.components.schemas.Task as Schema,
        create: c.components.schemas.TaskCreate as Schema,
        list: at('/api/v1/tasks', 'get'),
        post: at('/api/v1/tasks', 'post'),
        get: at('/api/v1/tasks/{task_id}', 'get'),
        patch: at('/api/v1/tasks/{task_id}', 'patch')
      })
      const findings = lintContract(c).filter((line) => !known.has(line))
      t.ok(
        findings.some((line) => finding.test(line)),
        `${construct} ${some.openapi}`,
        { findings }
      )
    }
  }
  catches(committed, [...schemaCases, ...operationCases])
  catches(twin, openapi30Cases)
})
