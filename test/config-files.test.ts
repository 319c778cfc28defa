import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readConfig } from '../src/config.ts'
import { faultsOf, VALID_PRODUCTION as PRODUCTION } from './support/config-faults.ts'

t.test('a secret can be in a file, whose final newline does not count', async (t) => {
  const folder = t.testdir()
  const holding = (name: string, text: string) => {
    const file = join(folder, name)
    writeFileSync(file, text)
    return file
  }
  const { JWT_SECRET, DATABASE_URL, SMTP_URL } = PRODUCTION
  const config = readConfig({
    NODE_ENV: 'production',
    JWT_SECRET_FILE: holding('jwt', `${JWT_SECRET}\n`),
    JWT_SECRET_SECONDARY_FILE: holding('old', `${JWT_SECRET}#2\n\n`),
    DATABASE_URL_FILE: holding('database', `${DATABASE_URL}\r\n`),
    REDIS_URL_FILE: holding('redis', 'redis://cache'),
    SMTP_URL_FILE: holding('smtp', SMTP_URL),
    METRICS_TOKEN_FILE: holding('metrics', '0123456789abcdefghij\n')
  })
  t.match(config, {
    JWT_SECRET,
    JWT_SECRET_SECONDARY: `${JWT_SECRET}#2\n`,
    DATABASE_URL,
    REDIS_URL: 'redis://cache',
    SMTP_URL,
    METRICS_TOKEN: '0123456789abcdefghij'
  })
  t.match(
    faultsOf({
      JWT_SECRET_FILE: join(folder, 'absent'),
      REDIS_URL_FILE: folder,
      SMTP_URL,
      SMTP_URL_FILE: holding('smtp', SMTP_URL),
      METRICS_TOKEN_FILE: holding('empty', '\n'),
      DATABASE_URL_FILE: holding('wrong', 'mysql://hush@db')
    }).sort(),
    [
      /^DATABASE_URL must look like postgres:/,
      'JWT_SECRET_FILE cannot be read: there is no such file',
      'METRICS_TOKEN_FILE is empty',
      'REDIS_URL_FILE cannot be read: it is a directory',
      'SMTP_URL and SMTP_URL_FILE are both set; set one of them'
    ]
  )
})

t.test('a file with a secret is text in UTF-8, whose byte order mark does not count', async (t) => {
  const file = join(t.testdir(), 'secret')
  const { JWT_SECRET } = PRODUCTION
  writeFileSync(file, `\uFEFF${JWT_SECRET}\r\n`)
  t.equal(readConfig({ JWT_SECRET_FILE: file }).JWT_SECRET, JWT_SECRET)
  for (const bytes of [
    Buffer.from(`\uFEFF${JWT_SECRET}`, 'utf16le'),
    Buffer.from(JWT_SECRET, 'utf16le'),
    Buffer.from(Array.from({ length: 48 }, (_, i) => 200 + i)),
    Buffer.from(`${JWT_SECRET}\0`)
  ]) {
    writeFileSync(file, bytes)
    t.strictSame(faultsOf({ JWT_SECRET_FILE: file }), ['JWT_SECRET_FILE is not text in UTF-8'])
  }
})
