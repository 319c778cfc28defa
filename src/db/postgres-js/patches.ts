/**
 * The one module we patch. When a server dies, restarts or falls silent, postgres.js 3.4.9 can end the process, mix
 * up sessions, or lose its connections one by one; none of that is mended in 3.4.9, which is pinned for this. The
 * patch is applied to the module's text as Node loads it and refuses to start if that text has changed.
 * test/faults/driver.test.ts shows each fault without it.
 */
import { registerHooks } from 'node:module'

const MARK = 'tasklane: postgres.js is guarded'

/** Silence is counted in so many steps, so that a busy event loop of our own, which hears nothing, is not mistaken for it. */
const SILENT_TICKS = 10

const EDITS: [reason: string, found: string, put: string][] = [
  [
    'A statement for a connection that is closed is refused at once; the write that was planned instead fails where no caller can catch it (#1066, #1154).',
    'function execute(q) {\n',
    `function execute(q) {
      if (socket === null) return queryError(q, Errors.connection('CONNECTION_CLOSED', options)), true
`
  ],
  [
    'A BEGIN always keeps its connection. The driver forgets to when the pipe is full, and others then work inside that transaction (#1189).',
    'return write(toBuffer(q))\n',
    `if (q.options.onexecute) return write(toBuffer(q)), q.options.onexecute(connection), false
      return write(toBuffer(q))
`
  ],
  [
    'The same for bytes that were on their way.',
    'function nextWrite(fn) {\n',
    `function nextWrite(fn) {
      if (socket === null) return clearImmediate(nextWriteTimer), chunk = nextWriteTimer = null, false
`
  ],
  [
    'A server that hangs up before it has let us in is down: say so and back off. The driver would dial again without pause, for ever (#1193).',
    '    if (initial)\n      return reconnect()\n',
    `    chunk = nextWriteTimer = null
    if (initial) errored(Errors.connection('CONNECT_CLOSED', options)), hadError = true
`
  ],
  [
    'What was left of the dead session is refused and forgotten; the next one on this connection would be blamed for it (#1223) or answer it.',
    "    !hadError && (query || sent.length) && error(Errors.connection('CONNECTION_CLOSED', options, socket))\n",
    `    if (query || sent.length) error(Errors.connection('CONNECTION_CLOSED', options))
    query = results = errorResponse = null
    result = new Result()
`
  ],
  [
    'Rows that came before an error, or before the session died, are not counted for the next result, which would begin with as many holes (#1181).',
    '    result = new Result()\n    connectTimer.cancel()\n',
    `    result = new Result()
    rows = 0
    connectTimer.cancel()
`
  ],
  [
    'A server that has turned read-only is the wrong one after a failover: the connection ends with its transaction.',
    '      errorResponse = Errors.postgres(parseError(x))\n',
    `      errorResponse = Errors.postgres(parseError(x))
      if (errorResponse.code === '25006') end()
`
  ],
  [
    'A silent server: the statement is cancelled, should anybody hear it, and the connection given up (#1089), however much is sent to it meanwhile. Those that lie idle beside it most likely lead nowhere either: they go too, before each costs a caller.',
    '      const s = StartupMessage()\n',
    `      if (options.silence_ms) {
        const idle = options.idle_beside ??= new Map()
        idle.set(connection, () => { if (socket && !query && !initial && !sent.length && !connection.reserved) socket.destroy() })
        let silent = 0
        const clock = setInterval(() => {
          silent = query ? silent + 1 : 0
          if (silent < ${SILENT_TICKS}) return
          Connection(options).cancel({ ...backend }, noop, noop)
          socket.destroy(Errors.connection('CONNECTION_SILENT', options))
          for (const leave of idle.values()) leave()
        }, options.silence_ms / ${SILENT_TICKS}).unref()
        socket.on('data', () => { silent = 0 }).once('close', () => clearInterval(clock))
      }
      const s = StartupMessage()
`
  ]
]

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context)
    if (!url.endsWith('/postgres/src/connection.js')) {
      return loaded
    }
    return {
      ...loaded,
      source: EDITS.reduce(edit, `globalThis[Symbol.for('${MARK}')] = true\n${loaded.source}`)
    }
  }
})

/** Refuses to go on with a driver that was loaded before this module, hence as it is. */
export function assertDriverPatched(): void {
  if (!(Symbol.for(MARK) in globalThis)) {
    throw new Error('postgres.js was loaded before db/driver-guard.ts: import db/client.ts first')
  }
}

function edit(source: string, [, found, put]: [string, string, string]): string {
  if (source.split(found).length !== 2) {
    throw new Error('postgres.js has changed: read db/driver-guard.ts before raising its version')
  }
  return source.replace(found, () => put)
}
