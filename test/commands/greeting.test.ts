import { execFileSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { startServer } from '../support/command.ts'
import { createTestDatabase, serverUrl } from '../support/database.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const REGISTER = /curl -X POST [^\n]+\/auth\/register [^\n]+\\\n[^\n]+/
const LOG_IN = /curl -X POST [^\n]+\/auth\/login [^\n]+\\\n[^\n]+/

t.test('the greeting speaks of a first account only while there is none', async (t) => {
  const cwd = t.testdir()
  const env = { DATA_DIR: cwd, DRAIN_SECONDS: '0' }
  const server = await startServer(t, env, cwd)
  const first = (await server.stop('SIGTERM')).stdout
  t.match(first, 'Your first account (it becomes admin):')
  t.notMatch(first, LOG_IN)

  const again = await startServer(t, env, cwd)
  const command = (REGISTER.exec(first)?.[0] ?? '').replace(
    /127\.0\.0\.1:\d+/,
    `127.0.0.1:${again.port}`
  )
  const response = JSON.parse(execFileSync('sh', ['-c', `${command} -s`], { encoding: 'utf8' }))
  t.match(response, { access_token: String, user: { role: 'admin' } })
  t.match((await again.stop('SIGTERM')).stdout, REGISTER, 'there was none when it started')

  const later = (await (await startServer(t, env, cwd)).stop('SIGTERM')).stdout
  t.match(later, LOG_IN)
  t.notMatch(later, /first account|register/)
})

t.test(
  'several processes greet in the same way',
  { skip: serverUrl === undefined && 'needs TEST_DATABASE_URL' },
  async (t) => {
    const database = await createTestDatabase()
    t.teardown(() => database.close())
    const env = { DATABASE_URL: database.url ?? '', WEB_CONCURRENCY: '2', DRAIN_SECONDS: '0' }
    const server = await startServer(t, env, t.testdir())
    t.match((await server.stop('SIGTERM')).stdout, 'Your first account (it becomes admin):')
  }
)

t.test(
  'no document registers the account of the greeting, so that its commands still work',
  async (t) => {
    const [, name = ''] = /"username": "([^"]+)", "password": "a long/.exec(
      readFileSync(`${ROOT}/src/commands/banner.ts`, 'utf8')
    ) ?? ['']
    t.not(name, '')
    for (const file of globSync('{*.md,docs/**/*.md}', { cwd: ROOT })) {
      t.notMatch(
        readFileSync(`${ROOT}/${file}`, 'utf8'),
        new RegExp(`"username": ?"${name}"`),
        file
      )
    }
  }
)
