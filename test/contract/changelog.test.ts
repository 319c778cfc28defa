import { readFileSync } from 'node:fs'
import t from 'tap'

const read = (file: string) =>
  readFileSync(new URL(`../../openapi/${file}`, import.meta.url), 'utf8')
const changelog = read('CHANGELOG.md')
const sections = changelog.split(/^## /m).slice(1)

t.test(
  'the changelog of the contract has the form of Keep a Changelog, newest first',
  async (t) => {
    const headings = sections.map((section) => section.split('\n')[0] ?? '')
    t.equal(headings[0], '[Unreleased]')
    const released = headings.filter((heading) => heading.startsWith('[')).slice(1)
    t.ok(released.length > 0)
    for (const heading of released) {
      t.match(heading, /^\[\d+\.\d+\.\d+\] - \d{4}-\d{2}-\d{2}$/)
    }
    const dates = released.map((heading) => heading.split(' - ')[1] as string)
    t.strictSame(dates, [...dates].sort().reverse())
    for (const [, kind] of changelog.matchAll(/^### (.*)$/gm)) {
      t.match(kind, /^(Added|Changed|Deprecated|Removed|Fixed|Security)$/)
    }
  }
)

t.test(
  'the contract that is kept as released is that of the newest released section',
  async (t) => {
    for (const name of ['openapi.json', 'openapi-3.0.json']) {
      t.equal(
        /^## \[(\d.*)\]/m.exec(changelog)?.[1],
        JSON.parse(read(`released/${name}`)).info.version
      )
    }
  }
)

t.test('every operation is named in the changelog', async (t) => {
  const operations = Object.values(
    JSON.parse(read('openapi.json')).paths as Record<
      string,
      Record<string, { operationId: string }>
    >
  ).flatMap((methods) => Object.values(methods).map(({ operationId }) => operationId))
  t.strictSame(
    operations.filter((id) => !changelog.includes(`\`${id}\``)),
    []
  )
})
