import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import t from 'tap'
import {
  countLines,
  type Files,
  importsOf,
  isTestCallback,
  longFunctions,
  longLines,
  readSources
} from './support/source-tree.ts'

/** A file imports from its own layer and from those below it. */
const LAYERS = [
  /^lib\//,
  /^(db\/|config\.ts$)/,
  /^core\//,
  /^http\//,
  /^features\//,
  /^(app|background|features)\.ts$/,
  /^commands\//,
  /^cli\.ts$/
]
/** Inside a feature: feature → routes → service → queries → schema. Others (list, job, codes) are services. */
const CALL_ORDER = [
  /(^|\.)(schema|fields)\.ts$/,
  /(^|\.)(queries|sql)\.ts$|^(filter|access)\.ts$/,
  /./,
  /(^|\.)routes\.ts$/,
  /^feature\.ts$/
]
/** A feature imports another only here, and then only its service or its schemas. */
const ALLOWED_DEPENDENCIES: Record<string, string> = {
  'account → identity': 'a profile is a user, and its sessions end with its password',
  'auth → identity': 'logging in checks credentials and opens a session',
  'auth → invitations': 'signing up uses up an invitation',
  'invitations → identity': 'an admin invites, and an account is created',
  'invitations → project-access': 'whoever accepts an invitation joins its project',
  'invitations → projects': 'those who manage a project invite to it',
  'admin-users → identity': 'administrators change and delete users',
  'auth → api-keys': 'a password reset ends the keys of the account',
  'account → api-keys': 'a change of the password ends them as well',
  'admin-users → api-keys': 'administrators see and revoke the keys of users',
  'api-keys → identity': 'a new key needs the password of its owner, who gets an email',
  'tasks → project-access': 'a task is in a project, whose members may see and change it',
  'people → project-access': 'people are found by the project that they belong to',
  'comments → people': 'whom the author does not find by name cannot be mentioned as a manager',
  'people → tasks': 'whoever sees a task sees the names of those who appear in it',
  'projects → people': 'whom one sees can be made a member',
  'projects → project-access': 'a project is changed by those who may',
  'projects → tasks': 'tasks follow their project into the trash and to another owner',
  'comments → project-access': 'who may comment follows from their role in the project',
  'comments → tasks': 'a comment is on a task, which counts it',
  'webhooks → changes': 'a webhook sends what is in the feed of its owner',
  'webhooks → identity': 'the owner of a webhook that is disabled gets an email',
  'webhooks → project-access': 'a webhook is narrowed to a project that its owner sees',
  'imports → tasks': 'an import creates tasks',
  'imports → comments': 'the comments of an export come along',
  'changes → api-keys': 'a stream ends with the key that opened it',
  'changes → identity': 'a stream ends with the session that opened it',
  'changes → comments': 'a change of a comment comes with the comment',
  'changes → imports': 'an import that has finished comes with its counts',
  'changes → project-access': 'who follows a project must be able to see it',
  'changes → projects': 'a change of a project or a member comes with it',
  'changes → tasks': 'a change of a task comes with the task',
  'imports → projects': 'the tasks of an import go into projects, which it may create',
  'account-export → identity': 'an account is exported with its profile',
  'account-export → comments': 'an account is exported with what is said about its tasks',
  'account-export → invitations': 'an account is exported with what it was invited to',
  'account-export → projects': 'an account is exported with its projects and their members',
  'account-export → tasks': 'an account is exported with its tasks and their history'
}
const MAX_COLUMNS = 120
const SOURCE_FOLDERS = ['src', 'test', 'bench', 'scripts']

const levelOf = (levels: RegExp[], name: string) => levels.findIndex((level) => level.test(name))
const featureOf = (file: string) => /^features\/([^/]+)\/(.+)$/.exec(file)?.slice(1) ?? []
/** The console's scripts run in the browser; they have no layers. */
const isServerCode = (file: string) => !file.includes('/public/')

/** Every way in which a tree of sources departs from the architecture, in words. */
function violationsOf(files: Files): string[] {
  const edges = Object.entries(files).flatMap(([file, text]) =>
    importsOf(file, text).map((target) => [file, target] as const)
  )
  return [
    ...Object.entries(files).flatMap(([file, text]) => fileViolations(file, text)),
    ...edges.flatMap(([file, target]) => importViolations(file, target)),
    ...cycles(edges)
  ]
}

function fileViolations(file: string, text: string): string[] {
  const isEntry = /^(commands\/|cli\.ts$)/.test(file)
  const hasCode = /^(?!\s*(export\b.*\bfrom\b|import\b|\/\/|\/?\*)).*\S/m.test(text)
  const reExportsQueries = /^export\b[^'"]*\bfrom '[^']*queries\.ts'/m.test(text)
  return [
    levelOf(LAYERS, file) < 0 && `${file} is in no layer`,
    (/(^|\/)index\.ts$/.test(file) || !hasCode) && `${file} is a barrel`,
    reExportsQueries && `${file} re-exports queries`,
    !isEntry && /process\.env\b/.test(text) && `${file} reads the environment`
  ].filter((violation) => violation !== false)
}

function importViolations(file: string, target: string): string[] {
  const [feature, part = ''] = featureOf(file)
  const [other, otherPart = ''] = featureOf(target)
  const crosses = feature && other && feature !== other
  const isAllowed =
    `${feature} → ${other}` in ALLOWED_DEPENDENCIES &&
    /^(service|(.+\.)?schema)\.ts$/.test(otherPart)
  const goesUp = feature === other && levelOf(CALL_ORDER, part) < levelOf(CALL_ORDER, otherPart)
  return [
    levelOf(LAYERS, file) < levelOf(LAYERS, target) && `${file} imports upward ${target}`,
    crosses && !isAllowed && `${file} crosses a boundary to ${target}`,
    feature && goesUp && `${file} calls upward ${target}`,
    part.endsWith('routes.ts') && target.startsWith('db/') && `${file} touches ${target}`
  ].filter((violation) => typeof violation === 'string')
}

function cycles(edges: (readonly [string, string])[]): string[] {
  const next = Map.groupBy(edges, ([file]) => file)
  const reaches = (from: string, goal: string, seen = new Set<string>()): boolean =>
    (next.get(from) ?? []).some(
      ([, to]) => to === goal || (!seen.has(to) && reaches(to, goal, seen.add(to)))
    )
  return [...next.keys()]
    .filter((file) => reaches(file, file))
    .map((file) => `${file} is in a cycle`)
}

const serverSources = Object.fromEntries(
  Object.entries(readSources('src')).filter(([file]) => isServerCode(file))
)

t.test('layers, boundaries and call order are kept, without cycles and barrels', async (t) => {
  t.strictSame(violationsOf(serverSources), [])
  for (const pair of Object.keys(ALLOWED_DEPENDENCIES)) {
    const [feature, other] = pair.split(' → ')
    const isUsed = Object.entries(serverSources).some(
      ([file, text]) =>
        file.startsWith(`features/${feature}/`) &&
        importsOf(file, text).some((target) => target.startsWith(`features/${other}/`))
    )
    t.ok(isUsed, `${pair} is used`)
  }
})

t.test('each feature declares itself in feature.ts, and features.ts lists it', async (t) => {
  const list = readFileSync('src/features.ts', 'utf8')
  const names = new Set(Object.keys(serverSources).flatMap((file) => featureOf(file)[0] ?? []))
  for (const name of names) {
    const hasRoutes = Object.keys(serverSources).some((file) =>
      new RegExp(`^features/${name}/(.+\\.)?routes\\.ts$`).test(file)
    )
    t.ok(
      !hasRoutes || list.includes(`./features/${name}/feature.ts`),
      `${name} is in the list of features`
    )
  }
})

const SUBJECTS =
  'user|session|api_key|ip_ban|task_import|comment|webhook|(?:project_)?invitation|project(?:_member)?'
const ACTION = new RegExp(`'((?:${SUBJECTS})\\.[a-z_]+|access\\.refused)'`, 'g')

t.test('every action in the audit log is declared by a feature', async (t) => {
  const declared = new Set<string>()
  const written = new Set<string>()
  for (const [file, text] of Object.entries(serverSources)) {
    const [, list = ''] = /auditActions: \[([^\]]*)\]/.exec(text) ?? []
    for (const [, action = ''] of list.matchAll(/'([a-z_.]+)'/g)) {
      declared.add(action)
    }
    if (!file.endsWith('feature.ts')) {
      for (const [, action = ''] of text.matchAll(ACTION)) {
        written.add(action)
      }
    }
  }
  t.strictSame([...written].filter((action) => !declared.has(action)).sort(), [])
  t.strictSame([...declared].filter((action) => !written.has(action)).sort(), [])
})

t.test('no file and no function outgrows its budget', async (t) => {
  const lines = Object.entries(readSources('src'))
    .map(([file, text]) => ({ file, lines: countLines(text) }))
    .sort((a, b) => a.lines - b.lines)
  const at = (share: number) => lines[Math.ceil(lines.length * share) - 1]?.lines ?? 0
  t.ok(at(0.5) <= 100, `the median is ${at(0.5)}`)
  t.ok(at(0.9) <= 200, `nine of ten have at most ${at(0.9)}`)
  t.strictSame(
    lines.filter((file) => file.lines > 300),
    []
  )
  for (const folder of ['test', 'bench', 'scripts']) {
    const long = Object.entries(readSources(folder)).filter(([, text]) => countLines(text) > 400)
    t.strictSame(
      long.map(([file]) => file),
      []
    )
  }
  for (const folder of SOURCE_FOLDERS) {
    t.strictSame(longFunctions(readSources(folder), 60, isTestCallback), [], folder)
  }
})

/** Written by a program, or in a language that cannot wrap a string. */
const NOT_OURS = [
  /^(openapi\/.*\.json|drizzle\/|LICENSE)/,
  /package-lock\.json$|\.(lock|sum|csv|json|svg|png|ico)$|pom\.xml$/,
  /common-passwords/
]

t.test('no line is longer than 120 columns, whatever it holds', async (t) => {
  const files = execFileSync('git', ['ls-files'], { encoding: 'utf8' })
    .split('\n')
    .filter((file) => file !== '' && !NOT_OURS.some((name) => name.test(file)))
  const texts = Object.fromEntries(files.map((file) => [file, readFileSync(file, 'utf8')]))
  t.strictSame(longLines(texts, MAX_COLUMNS), [])
})

/** An example of each violation: its message, and the files that cause it. */
const EXAMPLES: [violation: string, files: Files][] = [
  ['utils/x.ts is in no layer', { 'utils/x.ts': 'const x = 1' }],
  ['lib/index.ts is a barrel', { 'lib/index.ts': 'const x = 1' }],
  [
    'lib/all.ts is a barrel',
    { 'lib/all.ts': "// everything\nexport * from './a.ts'\nexport { b } from './b.ts'" }
  ],
  ['core/x.ts reads the environment', { 'core/x.ts': 'const x = process.env.HOME' }],
  [
    'core/x.ts imports upward http/y.ts',
    { 'core/x.ts': "import type { Y } from '../http/y.ts'\nconst x = 1" }
  ],
  ['db/x.ts imports upward core/y.ts', { 'db/x.ts': "const y = await import('../core/y.ts')" }],
  [
    'features/tasks/list.ts crosses a boundary to features/identity/service.ts',
    { 'features/tasks/list.ts': "import { x } from '../identity/service.ts'\nx()" }
  ],
  [
    'features/auth/service.ts crosses a boundary to features/identity/queries.ts',
    { 'features/auth/service.ts': "import { x } from '../identity/queries.ts'\nx()" }
  ],
  [
    'features/auth/service.ts re-exports queries',
    { 'features/auth/service.ts': "export { x } from './queries.ts'\nconst y = 1" }
  ],
  [
    'features/tasks/queries.ts calls upward features/tasks/service.ts',
    { 'features/tasks/queries.ts': "import { x } from './service.ts'\nx()" }
  ],
  [
    'features/tasks/batch.routes.ts touches db/client.ts',
    { 'features/tasks/batch.routes.ts': "import { x } from '../../db/client.ts'\nx()" }
  ],
  [
    'lib/a.ts is in a cycle',
    { 'lib/a.ts': "import './b.ts'\nlet a", 'lib/b.ts': "import { a } from './a.ts'\na()" }
  ]
]

t.test('each kind of violation is found', async (t) => {
  for (const [violation, files] of EXAMPLES) {
    t.ok(violationsOf(files).includes(violation), violation)
  }
  t.strictSame(
    violationsOf({
      'features/auth/service.ts': "import { x } from '../identity/service.ts'\nx()",
      'cli.ts': 'run(process.env)'
    }),
    []
  )
  t.strictSame(longLines({ 'a.ts': `x\n${'y'.repeat(121)}\n${'z'.repeat(120)}` }, 120), ['a.ts:2'])
  const long = `function f() {\n${'g()\n'.repeat(60)}}`
  t.strictSame(longFunctions({ 'a.ts': long }, 60), ['a.ts:1'])
  t.strictSame(
    longFunctions({ 'a.ts': `t.test('x', () => {\n${'g()\n'.repeat(60)}})` }, 60, isTestCallback),
    []
  )
})
