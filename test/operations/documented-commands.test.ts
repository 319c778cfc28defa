import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { tasks } from '../../src/db/tables/tasks.ts'
import { blocks, ROOT, readDocument, section } from '../support/documents.ts'
import { worker } from '../support/imports.ts'
import { createTestApp } from '../support/test-app.ts'

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
  const part = section(readDocument('README.md'), 'One request')
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
    const printed = await runBlocks(t, readDocument(file))
    for (const shown of blocks(readDocument(file), 'text')) {
      t.ok(printed.includes(shown), `it prints\n${shown}`, { printed })
    }
  })
}

t.test('the load test reads and creates tasks without meeting a limit', async (t) => {
  const guide = readDocument('docs/load-testing.md')
  t.equal(guide.match(/ -d 10 /g)?.length, 2)
  const quick = guide.replaceAll(' -d 10 ', ' -d 1 ').replaceAll(/^npx .*$/gm, '$& 2>&1')
  const { printed, db } = await runBlocksOn(t, quick)
  t.match(printed, /requests in .*requests in /s)
  t.notMatch(printed, /non 2xx/)
  t.ok((await db.$count(tasks)) > 10, 'more than it creates by hand')
})

t.test('the commands of the deployment guide work on a fresh embedded database', async (t) => {
  const cwd = t.testdir({ 'tasks.csv': 'title\nPaint the door\n' })
  const guide = readDocument('docs/deployment.md')
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
