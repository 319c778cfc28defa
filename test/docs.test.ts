import { execFileSync } from 'node:child_process'
import { existsSync, globSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseEnv } from 'node:util'
import t from 'tap'
import { withGeneratedParts } from '../scripts/generated-docs.ts'
import { Environment, readConfig } from '../src/config.ts'
import { catalogue } from '../src/core/problem.ts'
import { blocks, ROOT, readDocument, section } from './support/documents.ts'

const LINE_WIDTH = 120
const SHORT_PAGE_LINES = 150

const documents = globSync('{*.md,docs/**/*.md,openapi/*.md}', { cwd: ROOT })

const headings = (markdown: string) =>
  [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) => title)
/** The anchor that GitHub gives a heading. */
const anchorOf = (title: string) =>
  title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')

t.test(
  'the settings that the guide for a machine suggests are accepted in production',
  async (t) => {
    const [ini = ''] = blocks(readDocument('docs/operations/machine.md'), 'ini')
    const given = parseEnv(ini)
    t.ok(Object.keys(given).length > 5)
    t.strictSame(
      Object.keys(given).filter((name) => !(name in Environment.properties)),
      []
    )
    const env = { ...given, NODE_ENV: 'production', JWT_SECRET: 'Vq8mC2xT5bN7zR1kW4yH6jL9pS3dF0gA' }
    t.match(readConfig(env), { WEB_CONCURRENCY: 2, WORKER_ENABLED: false })
  }
)

t.test('the documented flags of V8 exist', async (t) => {
  const [command = ''] = blocks(readDocument('docs/performance.md'), 'sh')
  const args = command
    .trim()
    .replace(/serve$/, '--help')
    .split(' ')
    .slice(1)
  t.match(execFileSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' }), 'serve')
})

t.test('the quick start in the README is two commands', async (t) => {
  const start = blocks(section(readDocument('README.md'), 'Quick start'), 'sh')
  t.strictSame(start, ['npm ci && npm start\n', 'npm ci && npm test\n'])
})

t.test('settings and problem codes in the documents are current', async (t) => {
  const settings = readDocument('docs/configuration.md')
  const codes = readDocument('docs/errors.md')
  t.equal(settings, withGeneratedParts('docs/configuration.md', settings), 'npm run docs writes it')
  t.equal(codes, withGeneratedParts('docs/errors.md', codes), 'npm run docs writes it')
  const rights = readDocument('docs/authorization.md')
  t.equal(rights, withGeneratedParts('docs/authorization.md', rights), 'npm run docs writes it')
  const described = new Set(headings(settings))
  t.strictSame(
    Object.keys(Environment.properties).filter((name) => !described.has(name)),
    []
  )
  t.strictSame(
    Object.keys(catalogue).filter((code) => !codes.includes(`| \`${code}\` |`)),
    []
  )
})

t.test(
  'each requirement of ASVS level 1 is judged once, and the summary counts them',
  async (t) => {
    const text = readDocument('docs/asvs.md')
    const judged = [
      ...text.matchAll(
        /^- \*\*(\d+\.\d+\.\d+)\*\* [^*]+: \*(met|not met|not applicable|by deployment)\*\./gm
      )
    ]
    t.equal(new Set(judged.map(([, id]) => id)).size, 70)
    t.equal(judged.length, text.match(/^- /gm)?.length)
    const count = (state: string) => judged.filter((found) => found[2] === state).length
    for (const [row, state] of [
      ['met', 'met'],
      ['met by how you deploy', 'by deployment'],
      ['not met', 'not met'],
      ['not applicable', 'not applicable']
    ] as const) {
      t.match(text, new RegExp(`^\\| ${row} \\| ${count(state)}\\b`, 'm'))
    }
  }
)

t.test('every npm script and every file that a document names exists', async (t) => {
  const { scripts } = JSON.parse(readDocument('package.json'))
  for (const file of documents.filter((file) => file !== 'CHANGELOG.md')) {
    const words = readDocument(file)
    for (const [, name = ''] of words.matchAll(/\bnpm run ([a-z:-]+)/g)) {
      t.ok(name in scripts, `${file}: npm run ${name}`)
    }
    const paths = /(?<![\w/])(?:bench|docs|openapi|scripts|src|test)\/[\w./-]*\w(?:\/|\b)/g
    for (const [path] of words.replaceAll(/\]\([^)]*\)/g, ']').matchAll(paths)) {
      const isExample = path.includes('labels')
      t.ok(isExample || existsSync(join(ROOT, path)), `${file}: ${path}`)
    }
  }
})

t.test('every link between documents leads to a file and a heading', async (t) => {
  for (const file of documents) {
    for (const [, path = '', anchor] of readDocument(file).matchAll(
      /\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)/g
    )) {
      const target = path === '' ? file : join(dirname(file), path)
      t.ok(existsSync(join(ROOT, target)), `${file} → ${target}`)
      if (anchor !== undefined) {
        t.ok(
          headings(readDocument(target)).map(anchorOf).includes(anchor),
          `${file} → ${target}#${anchor}`
        )
      }
    }
  }
})

t.test('no document is wider than 120 columns, and the first pages are short', async (t) => {
  const texts = [...documents, '.env.example', 'compose.yaml', 'Dockerfile']
  for (const file of texts) {
    const wide = readDocument(file)
      .split('\n')
      .filter((line) => line.length > LINE_WIDTH)
    t.strictSame(wide, [], file)
  }
  for (const file of ['README.md', 'SCALABILITY.md']) {
    t.ok(readDocument(file).trimEnd().split('\n').length <= SHORT_PAGE_LINES, file)
  }
})

t.test('every alert has a heading in the runbook with its meaning and what to do', async (t) => {
  const runbook = readDocument('docs/operations/runbook.md')
  const alerts = [...readDocument('src/features/ops/alerts.yaml').matchAll(/- alert: (\w+)/g)].map(
    ([, name = '']) => name
  )
  t.ok(alerts.length > 5)
  t.strictSame(
    headings(runbook).filter((title) => /^Tasklane[A-Z]/.test(title)),
    alerts
  )
  for (const name of alerts) {
    t.match(section(runbook, name), /^\w+\n\n\S.*\n\n1\. /s, name)
  }
})

t.test('every log line that the runbook explains is one that Tasklane writes', async (t) => {
  const sources = globSync('src/**/*.ts', { cwd: ROOT }).map(readDocument).join('\n')
  const lines = section(readDocument('docs/operations/runbook.md'), 'Log lines')
  const explained = [...lines.matchAll(/^- (.+?):\s/gms)].flatMap(([, names = '']) =>
    [...names.replaceAll(/\s+/g, ' ').matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)
  )
  t.ok(explained.length > 10)
  t.strictSame(
    explained.filter((line) => !sources.includes(line)),
    []
  )
})

t.test(
  'the role in the deployment guide has the settings that compose.yaml gives it',
  async (t) => {
    const timeouts = (file: string) =>
      readDocument(file).match(/alter role tasklane set [^;]+;/g) ?? []
    t.ok(timeouts('docs/deployment.md').length > 0)
    t.strictSame(timeouts('docs/deployment.md'), timeouts('scripts/create-roles.sh'))
  }
)

t.test('the generator that the client guide downloads is the tested version', async (t) => {
  const versions = JSON.parse(readDocument('test/conformance/versions.json'))
  t.match(readDocument('docs/clients.md'), `VERSION=${versions['openapi-generator']}\n`)
})

t.test('every decision has its context, consequences and date, and is listed', async (t) => {
  const list = readDocument('docs/decisions/README.md')
  const decisions = globSync('docs/decisions/[0-9]*.md', { cwd: ROOT }).sort()
  t.ok(decisions.length > 10)
  for (const [at, file] of decisions.entries()) {
    const number = String(at + 1).padStart(4, '0')
    t.match(
      readDocument(file),
      new RegExp(
        `^# ${number} .+\\n\\nDate: \\d{4}-\\d{2}-\\d{2}\\n\\n` +
          '## Context\\n\\n.+\\n\\n## Decision\\n\\n.+\\n\\n## Consequences\\n\\n.+',
        's'
      )
    )
    t.ok(list.includes(file.slice('docs/decisions/'.length)), file)
  }
})
