import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readEnvFile } from '../../src/commands/env-file.ts'

const file = join(t.testdir(), '.env')
const read = (content: string | Buffer) => {
  writeFileSync(file, content)
  return readEnvFile(file)
}
const URL = 'postgres://app@db/x'

t.test('settings are read as editors, shells and other programs write them', async (t) => {
  for (const text of [
    `\uFEFFDATABASE_URL=${URL}\r\n`,
    `\uFEFF\uFEFFDATABASE_URL=${URL}`,
    `DATABASE_URL="${URL}"\r\n# a remark, with an apostrophe: it's = "here\r\n`,
    `export DATABASE_URL='${URL}'\n`,
    `  DATABASE_URL = ${URL} # the database\n\n`,
    `# DATABASE_URL="\nDATABASE_URL="${URL}"\n`
  ]) {
    t.strictSame(read(text), { values: { DATABASE_URL: URL }, faults: [] }, JSON.stringify(text))
  }
  const secret = 'first line\n# second: line\nthird'
  t.strictSame(read(`JWT_SECRET="${secret}" # from the vault\nPORT=1\n`), {
    values: { JWT_SECRET: secret, PORT: '1' },
    faults: []
  })
})

t.test('a line that would be left out in silence is a fault, by its number', async (t) => {
  for (const line of [`DATABASE_URL: ${URL}`, 'DATABASE_URL', `DATABASE_URL ${URL}`]) {
    const { faults } = read(`# Settings\nPORT=1\n${line}\n`)
    t.strictSame(faults, [`${file} has no = in line 3, which must look like NAME=value`], line)
  }
  t.strictSame(read(`database_url=${URL}\n`).faults, [
    `${file} has database_url, which is no setting; did you mean DATABASE_URL?`
  ])
})

t.test('a file in another encoding is refused', async (t) => {
  for (const [bytes, words] of [
    [
      Buffer.from(`\uFEFFDATABASE_URL=${URL}`, 'utf16le'),
      /is encoded as UTF-16\. Save it as UTF-8\.$/
    ],
    [Buffer.from(`\uFEFFDATABASE_URL=${URL}`, 'utf16le').swap16(), /is encoded as UTF-16\. /],
    [Buffer.from(`DATABASE_URL=${URL}`, 'utf16le'), /is encoded as UTF-16\. /],
    [Buffer.from('EMAIL_FROM=T\u00e4sks <a@b>', 'latin1'), /is not encoded as UTF-8\. /]
  ] as const) {
    t.throws(() => read(bytes), { name: 'CommandError', message: words })
  }
})
