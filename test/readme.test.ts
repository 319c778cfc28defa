import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { worker } from './support/imports.ts'
import { withTables } from './support/readme-tables.ts'
import { createTestApp } from './support/test-app.ts'

const read = (file: string) => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8')
const readme = read('README.md')
const section = (title: string) =>
  readme.slice(readme.indexOf(`\n## ${title}\n`)).split('\n## ')[1] ?? ''
const blocks = (markdown: string, language: string) =>
  [...markdown.matchAll(/```(\w+)\n(.*?)```/gs)]
    .filter(([, found]) => found === language)
    .map(([, , code]) => code ?? '')

t.test('the tour does what it says when it is pasted', async (t) => {
  const { app, db, config } = await createTestApp(t)
  worker(t, { db, config })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  const tour = [section('A tour in two minutes'), section('Errors')].join('\n')
  const script = blocks(tour, 'sh').join('\n')
  t.match(script, /127\.0\.0\.1:3000/)
  const sh = spawn('sh', ['-eu', '-c', script.replace('127.0.0.1:3000', `127.0.0.1:${port}`)], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const said = await text(sh.stdout)
  for (const promised of blocks(tour, 'text')) {
    t.ok(said.includes(promised), `it shows\n${promised}`, { said })
  }
})

t.test(
  'the tables of variables and problems are what the code says; npm run docs writes them',
  async (t) => {
    t.equal(readme, withTables(readme))
  }
)

t.test('every command and every file that the documents name is there', async (t) => {
  const { scripts } = JSON.parse(read('package.json'))
  for (const file of ['README.md', 'CONTRIBUTING.md', 'SCALABILITY.md', 'openapi/CHANGELOG.md']) {
    const words = read(file)
    for (const [, name = ''] of words.matchAll(/\bnpm run ([a-z:-]+)/g)) {
      t.ok(name in scripts, `${file}: npm run ${name}`)
    }
    for (const [, path = ''] of words.matchAll(/\]\((?!https?:|#)([^)#]+)\)/g)) {
      t.ok(read(file.replace(/[^/]*$/, '') + path) !== '', `${file}: ${path}`)
    }
  }
})

t.test('the changelog of the contract names every operation', async (t) => {
  const words = new Set(read('openapi/CHANGELOG.md').match(/`\w+`/g))
  const { paths } = JSON.parse(read('openapi/openapi.json')) as {
    paths: Record<string, Record<string, { operationId: string }>>
  }
  const operations = Object.values(paths)
    .flatMap((methods) => Object.values(methods))
    .map((operation) => operation.operationId)
  t.ok(operations.length > 0)
  t.strictSame(
    operations.filter((name) => !words.has(`\`${name}\``)),
    []
  )
})
