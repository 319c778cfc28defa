import { pathToFileURL } from 'node:url'
import t from 'tap'
import { joinModules } from '../../../src/features/console/join.ts'

const join = (sources: Record<string, string>) =>
  joinModules(['main.js', 'later.js'], (name) => `${sources[name]}\n`)

t.test('joined modules do what they do apart, and keep their names to themselves', async (t) => {
  const joined = join({
    'main.js': [
      "import { add as plus, count } from './lib/sums.js'",
      "import { place } from './ui/place.js'",
      "import './lib/effect.js'",
      '/** A comment. */',
      "const local = 'of main'",
      'await null',
      'export const result = () => [local, plus(1), plus(2), count(), place, globalThis.joinEffect]',
      "export const later = () => import('./later.js')"
    ].join('\n'),
    'lib/sums.js': [
      "const local = 'of sums'",
      'let sum = 0',
      'export function add(n) {',
      '  // Another one.',
      '  sum += n',
      '  return sum',
      '}',
      'export const count = () => `${local} ${sum} // no comment`'
    ].join('\n'),
    'ui/place.js': 'export const place = new URL("../x", import.meta.url).href',
    'lib/effect.js': "globalThis.joinEffect = 'once'",
    'later.js': "export { more } from './pages/more.js'",
    'pages/more.js': [
      'import {',
      '  add,',
      '  count',
      "} from '../lib/sums.js'",
      "import { twice } from './twice.js'",
      'export async function more() {',
      '  add(twice(10))',
      '  return count()',
      '}'
    ].join('\n'),
    'pages/twice.js': 'export const twice = (n) => 2 * n'
  })
  t.notMatch([...joined.values()].join(''), /comment\.|Another one/)
  const folder = t.testdir(Object.fromEntries(joined))
  t.teardown(() => {
    delete (globalThis as { joinEffect?: string }).joinEffect
  })
  const main = await import(pathToFileURL(`${folder}/main.js`).href)
  t.strictSame(main.result(), [
    'of main',
    1,
    3,
    'of sums 3 // no comment',
    pathToFileURL(`${folder}/x`).href,
    'once'
  ])
  const { more } = await main.later()
  t.equal(await more(), 'of sums 23 // no comment', 'both use the same module')
})

t.test('what would be joined wrongly is refused', async (t) => {
  const refused = {
    'export default 1': /cannot be joined/,
    'export let changing = 1': /cannot be joined/,
    "import all from './a.js'": /cannot be joined/,
    "import * as all from './a.js'": /cannot be joined/,
    "export * from './a.js'": /cannot be joined/,
    "import { b } from './a.js'": /import each other/
  }
  for (const [source, message] of Object.entries(refused)) {
    const sources = {
      'main.js': "import './b.js'",
      'b.js': source,
      'a.js': "import { a } from './b.js'",
      'later.js': ''
    }
    t.throws(() => join(sources), { message }, source)
  }
})
