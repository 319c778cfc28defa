import t from 'tap'

const lib = '../../../src/features/console/public/lib/'
const { plainText } = await import(`${lib}plain-text.js`)

const CASES: [markdown: string, plain: string][] = [
  [
    'So far:\n\n- the **draft** is here\n- [the guide](https://example.com/a) says',
    'So far: the draft is here the guide says'
  ],
  ['# Colours\n> Ask *first*\n1. `npm start`\n- [x] ~~done~~', 'Colours Ask first npm start done'],
  ['```js\nlet a = 1\n```\n---\n__both__ and _one_', 'let a = 1 both and one'],
  ['| a | b |\n|---|---|\n| 1 | 2 |', '| a | b | | 1 | 2 |'],
  [
    'snake_case_name, 2 * 3 * 4, a - b, C# and <b>raw</b>',
    'snake_case_name, 2 * 3 * 4, a - b, C# and <b>raw</b>'
  ],
  ['![a picture](https://example.com/p.png)', 'a picture'],
  ['', '']
]

t.test('a description in a list shows its words without the marks of Markdown', async (t) => {
  for (const [markdown, plain] of CASES) {
    t.equal(plainText(markdown), plain)
  }
})

t.test(
  'however long a description is and whatever it repeats, its beginning is shown',
  async (t) => {
    for (const part of ['*', '_a', '[', '`', '> ', '|-', '**a ', '- ']) {
      t.ok(plainText(part.repeat(50_000)).length <= 500)
    }
  }
)
