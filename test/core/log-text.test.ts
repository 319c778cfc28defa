import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { toText } from '../../src/core/log-text.ts'

const MODULE = new URL('../../src/core/log.ts', import.meta.url).href
/** `script` of util-linux gives a program a terminal. */
const skip = !existsSync('/usr/bin/script') && 'needs /usr/bin/script to have a terminal'

/** Logs one line in a process of its own, on a terminal or into a pipe. */
function log(settings: object, { onTerminal = false, env = {} } = {}): string {
  const config = { LOG_LEVEL: 'info', LOG_FORMAT: 'auto', ...settings }
  const script =
    `import { createLogger } from '${MODULE}'; ` +
    `createLogger(${JSON.stringify(config)}).info({ route: '/api' }, 'hello')`
  const args = ['--input-type=module', '-e', script]
  const options = {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, TERM: 'xterm-256color', ...env }
  } as const
  const command = [process.execPath, ...args].map((arg) => `'${arg.replaceAll("'", `'\\''`)}'`)
  const { stdout } = onTerminal
    ? spawnSync('/usr/bin/script', ['-qec', command.join(' '), '/dev/null'], options)
    : spawnSync(process.execPath, args, options)
  return stdout
}

const JSON_LINE = /^\{"level":30,.*"route":"\/api","msg":"hello"\}\n$/
const TEXT_LINE = /^\d\d:\d\d:\d\d\.\d{3} INFO {2}hello route=\/api\r?\n$/

t.test(
  'the log is text on a terminal and JSON in a pipe, unless LOG_FORMAT says which',
  { skip },
  async (t) => {
    t.match(log({}), JSON_LINE)
    t.match(log({ LOG_FORMAT: 'json' }, { onTerminal: true }).replace('\r', ''), JSON_LINE)
    t.match(log({ LOG_FORMAT: 'text' }), TEXT_LINE)
    t.match(log({}, { onTerminal: true, env: { NO_COLOR: '1' } }), TEXT_LINE)
    t.match(log({}, { onTerminal: true }), /\u001b\[32mINFO \u001b\[39m hello/)
  }
)

t.test('LOG_FILE has JSON lines also where standard output has text', async (t) => {
  const file = join(t.testdir(), 'log')
  t.match(log({ LOG_FORMAT: 'text', LOG_FILE: file }), TEXT_LINE)
  t.match(readFileSync(file, 'utf8'), JSON_LINE)
})

t.test('an error is shown with its stack and its causes below the line', async (t) => {
  const entry = {
    level: 50,
    time: '2026-11-26T21:00:00.123Z',
    pid: 7,
    err: {
      message: 'first',
      stack: 'Error: first\n    at a (a.ts:1:1)',
      cause: { message: 'second', stack: 'Error: second' }
    },
    msg: 'internal_error'
  }
  t.equal(
    toText(JSON.stringify(entry), false),
    [
      '21:00:00.123 ERROR internal_error',
      '    Error: first',
      '        at a (a.ts:1:1)',
      '    caused by',
      '    Error: second',
      ''
    ].join('\n')
  )
})

t.test(
  'nothing in a line reaches the terminal as a command, or pretends to be a line of its own',
  async (t) => {
    const evil = '\u001b[2J\u009b1m\r\n12:00:00.000 INFO  all is well\u0007\u2028x'
    const line = toText(JSON.stringify({ level: 30, msg: evil, a: evil, b: { c: [evil] } }), false)
    t.equal(line.split('\n').length, 2)
    t.notMatch(line, /[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028]/)
    t.equal(toText('no JSON\n', true), 'no JSON\n')
  }
)

t.test('a request is shown as method, route, status and time, and by its id', async (t) => {
  const entry = {
    level: 30,
    time: '2026-11-26T21:00:00.123Z',
    pid: 7,
    request_id: 'abc',
    operation: 'getTask',
    method: 'GET',
    route: '/api/v1/tasks/:task_id',
    status: 404,
    code: 'not_found',
    ms: 1.5,
    msg: 'request completed'
  }
  t.equal(
    toText(JSON.stringify(entry), false),
    '21:00:00.123 INFO  GET /api/v1/tasks/:task_id 404 not_found 1.5 ms request_id=abc operation=getTask\n'
  )
})
