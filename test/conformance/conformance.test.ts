import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { versions } from '../support/tools.ts'
import { collectNames } from './generated-names.ts'

const read = (file: string) => readFileSync(new URL(file, import.meta.url), 'utf8')

t.test('each language installs the version in versions.json', async (t) => {
  const { devDependencies } = JSON.parse(read('typescript/package.json')) as {
    devDependencies: Record<string, string>
  }
  for (const [name, version] of Object.entries(devDependencies)) {
    t.equal(version, versions[name], name)
  }
  t.ok(
    read('python/requirements.txt')
      .split('\n')
      .includes(`openapi-python-client==${versions['openapi-python-client']}`)
  )
  t.match(read('go/go.mod'), `oapi-codegen/v2 v${versions['oapi-codegen']} `)
})

t.test('names that a generator had to invent are found in every language', async (t) => {
  const folder = t.testdir({
    'clean.gen.ts':
      'export type Task = { kind: OneOf }\n// type Task1 in a comment\nexport const TaskV1 = 1\n',
    'schema.d.ts': [
      'export interface components {',
      '    schemas: {',
      '        Task: {',
      '            id: string;',
      '        };',
      '        InlineObject: {',
      '        };',
      '    }',
      '}',
      ''
    ].join('\n'),
    'a.gen.ts': 'export type Task1 = string\nexport interface TaskAnyOf {}\n',
    'models.py': 'class Task:\n    pass\nclass TaskStatusType1(str):\n    pass\n',
    'models.go': 'type Task struct {}\ntype TaskOneOf struct {}\n',
    'Task.java': 'public class Task {\n  public static final class Inner2 {}\n}\n',
    'task.rs': 'pub struct Task {}\npub enum TaskAllOf {}\n',
    'inline_response_200.rs': '',
    'body_type_0.py': '',
    node_modules: { 'b.ts': 'export type Foreign1 = string\n' }
  })
  const { names, invented } = collectNames(folder)
  t.strictSame(
    invented.toSorted(),
    [
      'InlineObject',
      'Inner2',
      'Task1',
      'TaskAllOf',
      'TaskAnyOf',
      'TaskOneOf',
      'TaskStatusType1',
      'body_type_0',
      'inline_response_200'
    ].toSorted()
  )
  t.ok(names.includes('Task'))
  t.throws(() => collectNames(join(folder, 'nowhere')))
})
