import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'

/** Logs each text, one after the other, in a process of its own. */
function log(file: string, ...texts: string[]) {
  const module = new URL('../../src/core/log.ts', import.meta.url).href
  const script = `import { setTimeout as pause } from 'node:timers/promises'
    const { createLogger } = await import(${JSON.stringify(module)})
    const logger = createLogger({ LOG_LEVEL: 'info', LOG_FILE: ${JSON.stringify(file)} })
    for (const text of ${JSON.stringify(texts)}) { logger.info(text); await pause(50) }
    process.exit()`
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '-e', script],
    { encoding: 'utf8' }
  )
  return { status, stdout, stderr }
}

t.test('the log goes to standard output and to LOG_FILE, whose folder is made', async (t) => {
  const file = join(t.testdir(), 'logs', 'tasklane.log')
  const { status, stdout } = log(file, 'first', 'second')
  t.equal(status, 0)
  t.match(stdout, /"first".*\n.*"second"/)
  t.equal(readFileSync(file, 'utf8'), stdout)
})

t.test('the log file is for its owner alone, also one that was open to others', async (t) => {
  const file = join(t.testdir(), 'tasklane.log')
  log(file, 'first')
  t.equal(statSync(file).mode & 0o777, 0o600)
  chmodSync(file, 0o644)
  log(file, 'second')
  t.equal(statSync(file).mode & 0o777, 0o600)
})

t.test('a LOG_FILE that cannot be opened stops the start', async (t) => {
  const folder = t.testdir()
  writeFileSync(join(folder, 'file'), '')
  const { status, stderr } = log(join(folder, 'file', 'below'), 'first')
  t.not(status, 0)
  t.match(stderr, /LOG_FILE .* cannot be written: a part of its path is no directory\./)
})

t.test(
  'a LOG_FILE that can no longer be written does not stop the service',
  { skip: !existsSync('/dev/full') && 'there is no full device here' },
  async (t) => {
    const { status, stdout, stderr } = log('/dev/full', 'first', 'second')
    t.equal(status, 0)
    t.match(stdout, /"first".*\n.*"second"/)
    t.match(stderr, /^Cannot write to LOG_FILE any more/)
  }
)
