import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync, readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { parseEnv } from 'node:util'
import t, { type Test } from 'tap'
import { withGeneratedParts } from '../scripts/generated-docs.ts'
import { Environment, readConfig } from '../src/config.ts'
import { catalogue } from '../src/core/problem.ts'
import { tasks } from '../src/db/tables/tasks.ts'
import { worker } from './support/imports.ts'
import { createTestApp } from './support/test-app.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const LINE_WIDTH = 120
const SHORT_PAGE_LINES = 150

const read = (file: string) => readFileSync(join(ROOT, file), 'utf8')
const documents = globSync('{*.md,docs/**/*.md,openapi/*.md}', { cwd: ROOT })

const blocks = (markdown: string, language: string) =>
  [...markdown.matchAll(/^```(\w+)\n(.*?)^```/gms)]
    .filter(([, found]) => found === language)
    .map(([, , code]) => code ?? '')
const section = (markdown: string, title: string) =>
  markdown.slice(markdown.indexOf(`\n## ${title}\n`)).split('\n## ')[1] ?? ''
const headings = (markdown: string) =>
  [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) => title)
/** The anchor that GitHub gives a heading. */
const anchorOf = (title: string) =>
  title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')

/** Runs the shell blocks of a text as they are written, against a server of their own, and returns what they print. */
async function runBlocks(t: Test, markdown: string): Promise<string> {
  return (await runBlocksOn(t, markdown)).printed
}

/** Runs them and returns the database as well, with what they have done. */
async function runBlocksOn(t: Test, markdown: string) {
  const { app, db, config } = await createTestApp(t)
  worker(t, { db, config })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  const script = blocks(markdown, 'sh').join('\n')
  t.match(script, /127\.0\.0\.1:3000/)
  const sh = spawn('sh', ['-eu', '-c', script.replace('127.0.0.1:3000', `127.0.0.1:${port}`)], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const printed = await text(sh.stdout)
  t.equal(sh.exitCode ?? (await once(sh, 'close'))[0], 0)
  return { printed, db }
}

/** Replaces what differs from run to run: ids and the current time. */
const withoutVariables = (json: string) =>
  JSON.parse(
    json
      .replaceAll(/"[0-9a-f]{8}-[0-9a-f-]{27}"/g, '"id"')
      .replaceAll(/("(?:created|updated)_at": ?)"[^"]+"/g, '$1"now"')
      .replaceAll(/("position": ?)"[^"]+"/g, '$1"last"')
  )

t.test('the request in the README returns the response that is shown', async (t) => {
  const part = section(read('README.md'), 'One request')
  const [shown = ''] = blocks(part, 'json')
  t.strictSame(withoutVariables(await runBlocks(t, part)), withoutVariables(shown))
})

for (const file of [
  'docs/tutorial.md',
  'docs/projects.md',
  'docs/comments.md',
  'docs/webhooks.md',
  'docs/errors.md'
]) {
  t.test(`the commands in ${file} print what is shown below them`, async (t) => {
    const printed = await runBlocks(t, read(file))
    for (const shown of blocks(read(file), 'text')) {
      t.ok(printed.includes(shown), `it prints\n${shown}`, { printed })
    }
  })
}

t.test('the load test reads and creates tasks without meeting a limit', async (t) => {
  const guide = read('docs/load-testing.md')
  t.equal(guide.match(/ -d 10 /g)?.length, 2)
  const quick = guide.replaceAll(' -d 10 ', ' -d 1 ').replaceAll(/^npx .*$/gm, '$& 2>&1')
  const { printed, db } = await runBlocksOn(t, quick)
  t.match(printed, /requests in .*requests in /s)
  t.notMatch(printed, /non 2xx/)
  t.ok((await db.$count(tasks)) > 10, 'more than it creates by hand')
})

t.test('the commands of the deployment guide work on a fresh embedded database', async (t) => {
  const cwd = t.testdir({ 'tasks.csv': 'title\nPaint the door\n' })
  const guide = read('docs/deployment.md')
  const commands = ['The embedded database', 'Administrators', 'Import on behalf of a user']
    .flatMap((title) => blocks(section(guide, title), 'sh'))
    .join('')
    .replace('tasks.csv', join(cwd, 'tasks.csv'))
    .replace('--user ann', '--user root')
  const sh = spawn('sh', ['-eu', '-c', commands], {
    cwd: ROOT,
    // Empty, so that no .env in the repository names a database.
    env: { ...process.env, DATABASE_URL: '', NODE_ENV: '', DATA_DIR: join(cwd, 'data') },
    stdio: 'ignore'
  })
  t.strictSame(await once(sh, 'close'), [0, null])
})

t.test(
  'the settings that the guide for a machine suggests are accepted in production',
  async (t) => {
    const [ini = ''] = blocks(read('docs/operations/machine.md'), 'ini')
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
  const [command = ''] = blocks(read('docs/performance.md'), 'sh')
  const args = command
    .trim()
    .replace(/serve$/, '--help')
    .split(' ')
    .slice(1)
  t.match(execFileSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' }), 'serve')
})

t.test('the quick start in the README is two commands', async (t) => {
  const start = blocks(section(read('README.md'), 'Quick start'), 'sh')
  t.strictSame(start, ['npm ci && npm start\n', 'npm ci && npm test\n'])
})

t.test('settings and problem codes in the documents are current', async (t) => {
  const settings = read('docs/configuration.md')
  const codes = read('docs/errors.md')
  t.equal(settings, withGeneratedParts('docs/configuration.md', settings), 'npm run docs writes it')
  t.equal(codes, withGeneratedParts('docs/errors.md', codes), 'npm run docs writes it')
  const rights = read('docs/authorization.md')
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
    const text = read('docs/asvs.md')
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
  const { scripts } = JSON.parse(read('package.json'))
  for (const file of documents.filter((file) => file !== 'CHANGELOG.md')) {
    const words = read(file)
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
    for (const [, path = '', anchor] of read(file).matchAll(
      /\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)/g
    )) {
      const target = path === '' ? file : join(dirname(file), path)
      t.ok(existsSync(join(ROOT, target)), `${file} → ${target}`)
      if (anchor !== undefined) {
        t.ok(headings(read(target)).map(anchorOf).includes(anchor), `${file} → ${target}#${anchor}`)
      }
    }
  }
})

t.test('no document is wider than 120 columns, and the first pages are short', async (t) => {
  const texts = [...documents, '.env.example', 'compose.yaml', 'Dockerfile']
  for (const file of texts) {
    const wide = read(file)
      .split('\n')
      .filter((line) => line.length > LINE_WIDTH)
    t.strictSame(wide, [], file)
  }
  for (const file of ['README.md', 'SCALABILITY.md']) {
    t.ok(read(file).trimEnd().split('\n').length <= SHORT_PAGE_LINES, file)
  }
})

t.test('every alert has a heading in the runbook with its meaning and what to do', async (t) => {
  const runbook = read('docs/operations/runbook.md')
  const alerts = [...read('src/features/ops/alerts.yaml').matchAll(/- alert: (\w+)/g)].map(
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
  const sources = globSync('src/**/*.ts', { cwd: ROOT }).map(read).join('\n')
  const lines = section(read('docs/operations/runbook.md'), 'Log lines')
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
    const timeouts = (file: string) => read(file).match(/alter role tasklane set [^;]+;/g) ?? []
    t.ok(timeouts('docs/deployment.md').length > 0)
    t.strictSame(timeouts('docs/deployment.md'), timeouts('scripts/create-roles.sh'))
  }
)

t.test('the generator that the client guide downloads is the tested version', async (t) => {
  const versions = JSON.parse(read('test/conformance/versions.json'))
  t.match(read('docs/clients.md'), `VERSION=${versions['openapi-generator']}\n`)
})

t.test('every decision has its context, consequences and date, and is listed', async (t) => {
  const list = read('docs/decisions/README.md')
  const decisions = globSync('docs/decisions/[0-9]*.md', { cwd: ROOT }).sort()
  t.ok(decisions.length > 10)
  for (const [at, file] of decisions.entries()) {
    const number = String(at + 1).padStart(4, '0')
    t.match(
      read(file),
      new RegExp(
        `^# ${number} .+\\n\\nDate: \\d{4}-\\d{2}-\\d{2}\\n\\n` +
          '## Context\\n\\n.+\\n\\n## Decision\\n\\n.+\\n\\n## Consequences\\n\\n.+',
        's'
      )
    )
    t.ok(list.includes(file.slice('docs/decisions/'.length)), file)
  }
})
