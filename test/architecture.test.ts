import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'

/** What a file may lean on is its own floor and those below it. */
const FLOORS = [
  /^lib\//,
  /^(db\/|config\.ts$)/,
  /^core\//,
  /^plugins\//,
  /^features\//,
  /^(app|jobs)\.ts$/,
  /^commands\//,
  /^cli\.ts$/
]
/** Inside a room the stairs lead down: routes → service → queries → db, with pieces of SQL beside the queries and anything else (list, job, codes) beside the service. */
const STAIRS = [/(^|\.)schema\.ts$/, /^(queries|filter|visibility)\.ts$/, /./, /(^|\.)routes\.ts$/]
/** A room may enter another only here, through its service or for its shapes. A further door needs a reason. */
const DOORS = new Set([
  'auth → users',
  'auth → sessions',
  'auth → keys',
  'users → sessions',
  'imports → tasks',
  // Whoever deletes an account takes it off the tasks of others.
  'users → tasks'
])

type Files = Record<string, string>
const read = (folder: string): Files =>
  Object.fromEntries(
    globSync(`${folder}/**/*.ts`, {
      exclude: ['**/node_modules/**', '**/generated/**', '**/out/**']
    }).map((file) => [file.slice(folder.length + 1), readFileSync(file, 'utf8')])
  )
const importsOf = (file: string, text: string) =>
  [...text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'(\.[^']+)'/g)].map((found) =>
    join(dirname(file), found[1] as string)
  )
const levelOf = (levels: RegExp[], name: string) => levels.findIndex((level) => level.test(name))
const roomOf = (file: string) => /^features\/([^/]+)\/(.+)$/.exec(file)?.slice(1) ?? []
const linesOf = (text: string) => text.trimEnd().split('\n').length

/** Every way in which a tree of sources breaks the plan of the house, in words. */
function faultsOf(files: Files): string[] {
  const edges = Object.entries(files).flatMap(([file, text]) =>
    importsOf(file, text).map((target) => [file, target] as const)
  )
  return [
    ...Object.entries(files).flatMap(([file, text]) => faultsOfFile(file, text)),
    ...edges.flatMap(([file, target]) => faultsOfImport(file, target)),
    ...circles(edges)
  ]
}

function faultsOfFile(file: string, text: string): string[] {
  const isEntry = /^(commands\/|cli\.ts$)/.test(file)
  return [
    levelOf(FLOORS, file) < 0 && `${file} stands on no floor`,
    (/(^|\/)index\.ts$/.test(file) ||
      !/^(?!\s*(export\b.*\bfrom\b|import\b|\/\/|\/?\*)).*\S/m.test(text)) &&
      `${file} is a barrel`,
    !isEntry && /process\.env\b/.test(text) && `${file} reads the environment`
  ].filter((fault) => fault !== false)
}

function faultsOfImport(file: string, target: string): string[] {
  const [room, part = ''] = roomOf(file)
  const [other, otherPart = ''] = roomOf(target)
  const isDoor = DOORS.has(`${room} → ${other}`) && /^(service|(.+\.)?schema)\.ts$/.test(otherPart)
  return [
    levelOf(FLOORS, file) < levelOf(FLOORS, target) && `${file} climbs to ${target}`,
    room && other && room !== other && !isDoor && `${file} walks through the wall to ${target}`,
    room &&
      room === other &&
      levelOf(STAIRS, part) < levelOf(STAIRS, otherPart) &&
      `${file} climbs the stairs to ${target}`,
    room && part.endsWith('routes.ts') && target.startsWith('db/') && `${file} touches ${target}`
  ].filter((fault) => typeof fault === 'string')
}

function circles(edges: (readonly [string, string])[]): string[] {
  const next = Map.groupBy(edges, ([file]) => file)
  const reaches = (from: string, goal: string, seen = new Set<string>()): boolean =>
    (next.get(from) ?? []).some(
      ([, to]) => to === goal || (!seen.has(to) && reaches(to, goal, seen.add(to)))
    )
  return [...next.keys()]
    .filter((file) => reaches(file, file))
    .map((file) => `${file} comes back to itself`)
}

t.test(
  'the house keeps its floors, walls, doors and stairs, without circles and barrels',
  async (t) => {
    t.strictSame(faultsOf(read('src')), [])
  }
)

t.test('no file outgrows its budget', async (t) => {
  const lines = Object.entries(read('src'))
    .map(([file, text]) => ({ file, lines: linesOf(text) }))
    .sort((a, b) => a.lines - b.lines)
  const at = (share: number) => lines[Math.ceil(lines.length * share) - 1]?.lines ?? 0
  t.ok(at(0.5) <= 80, `the median is ${at(0.5)}`)
  t.ok(at(0.9) <= 160, `nine of ten have at most ${at(0.9)}`)
  t.strictSame(
    lines.filter((file) => file.lines > 220),
    []
  )
  t.strictSame(
    Object.entries(read('test'))
      .map(([file, text]) => ({ file, lines: linesOf(text) }))
      .filter((file) => file.lines > 300),
    []
  )
})

t.test('the reading of the plan finds each kind of break', async (t) => {
  const breaks: [fault: string, files: Files][] = [
    ['utils/x.ts stands on no floor', { 'utils/x.ts': 'const x = 1' }],
    ['lib/index.ts is a barrel', { 'lib/index.ts': 'const x = 1' }],
    [
      'lib/all.ts is a barrel',
      { 'lib/all.ts': "// everything\nexport * from './a.ts'\nexport { b } from './b.ts'" }
    ],
    ['core/x.ts reads the environment', { 'core/x.ts': 'const x = process.env.HOME' }],
    [
      'core/x.ts climbs to plugins/y.ts',
      { 'core/x.ts': "import type { Y } from '../plugins/y.ts'\nconst x = 1" }
    ],
    ['db/x.ts climbs to core/y.ts', { 'db/x.ts': "const y = await import('../core/y.ts')" }],
    [
      'features/tasks/list.ts walks through the wall to features/users/service.ts',
      { 'features/tasks/list.ts': "import { x } from '../users/service.ts'\nx()" }
    ],
    [
      'features/auth/service.ts walks through the wall to features/users/queries.ts',
      { 'features/auth/service.ts': "import { x } from '../users/queries.ts'\nx()" }
    ],
    [
      'features/tasks/queries.ts climbs the stairs to features/tasks/service.ts',
      { 'features/tasks/queries.ts': "import { x } from './service.ts'\nx()" }
    ],
    [
      'features/tasks/batch.routes.ts touches db/client.ts',
      { 'features/tasks/batch.routes.ts': "import { x } from '../../db/client.ts'\nx()" }
    ],
    [
      'lib/a.ts comes back to itself',
      { 'lib/a.ts': "import './b.ts'\nlet a", 'lib/b.ts': "import { a } from './a.ts'\na()" }
    ]
  ]
  for (const [fault, files] of breaks) {
    t.ok(faultsOf(files).includes(fault), fault)
  }
  t.strictSame(
    faultsOf({
      'features/auth/service.ts': "import { x } from '../users/service.ts'\nx()",
      'cli.ts': 'run(process.env)'
    }),
    []
  )
})
