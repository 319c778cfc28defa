/**
 * Patches postgres.js 3.4.9. When a server dies, restarts or stops responding, that version can end the process, mix up
 * sessions, or lose its connections one by one; under load without a pause it becomes slower and slower. The patches
 * are applied to the text of its modules as Node loads them; the start fails if that text has changed.
 * test/faults/driver.test.ts shows each fault without its patch, except the cost of finding a prepared statement.
 *
 * **At each upgrade of postgres.js** (its version is pinned in package.json) check:
 * - Patches: whether what `why` says is fixed (then remove the patch and the control of its test), and whether
 *   `find` still occurs exactly once in the file and means the same.
 * - Private properties: `client.options` is read while statements are sent (`prepare` in pooler.ts, `silence_ms` and
 *   `max_statements` here);
 *   `query.active` and the lazy `then` and `values()` (lazy-query.ts, timeouts.ts); `state.pid` and
 * `statement.name` of a
 *   result (pooler.ts); `begin` and `savepoint` take their callback as the last argument (timeouts.ts, ../tracing.ts).
 * - Error codes: those of src/errors.js in ../errors.ts, above all which of them leave the outcome of a write open.
 * - Run test/faults/{driver,pooler,outage,frozen-database}.test.ts with PostgreSQL and PgBouncer installed.
 *
 * **At each upgrade of Drizzle** check that its session for postgres.js calls only `unsafe`, `begin` and `savepoint` of
 * the client, and `fields`, `customResultMapper` and the decoders in ../prepared-statements.ts.
 */
import { registerHooks } from 'node:module'

const MARK = 'tasklane: postgres.js is patched'

/** Silence is measured in this many steps, so that our own event loop, when it is busy, is not mistaken for it. */
const SILENT_TICKS = 10
/** A queue keeps no more free places than this at its beginning. */
const MOST_HOLES = 32

interface Patch {
  why: string
  find: string
  replace: string
}

const QUEUE: Patch[] = [
  {
    why: `What has left a queue is forgotten. The queue of busy connections otherwise keeps a hole for each statement
      until it is empty, which it never is under load without a pause.`,
    find: '        xs[index - 1] = undefined\n',
    replace: `        xs[index - 1] = undefined
        if (index === ${MOST_HOLES}) {
          xs.splice(0, index)
          index = 0
        }
`
  },
  {
    why: 'A connection is looked for among those in the queue, and not among the holes as well.',
    find: 'const index = xs.indexOf(x)\n      return index === -1\n',
    replace: 'const at = xs.indexOf(x, index)\n      return at === -1\n'
  },
  {
    why: 'The same.',
    find: '(xs.splice(index, 1), x)',
    replace: '(xs.splice(at, 1), x)'
  }
]

const CONNECTION: Patch[] = [
  {
    why: `A prepared statement is found by its text, whose hash is known, and then by the types of its parameters. The
      driver joins the two at each execution, and hashes kilobytes anew.`,
    find: 'q.signature = q.prepare && types + string\n',
    replace: `q.signature = q.prepare && signatureOf(string, String(types))
`
  },
  {
    why: 'The same: a signature is a symbol, made once for each text and types.',
    find: '  function write(x, fn) {\n',
    replace: `  function signatureOf(string, types) {
    let ofText = signatures.get(string)
    if (ofText === undefined) signatures.set(string, ofText = new Map())
    let signature = ofText.get(types)
    if (signature === undefined) ofText.set(types, signature = Symbol('signature'))
    return signature
  }

  function write(x, fn) {
`
  },
  {
    why: 'The same: where the signatures of a connection are.',
    find: '    , statements = {}\n',
    replace: `    , statements = {}
    , signatures = new Map()
`
  },
  {
    why: 'The same: a new session knows no statements.',
    find: '      statements = {}\n',
    replace: `      statements = {}
      signatures.clear()
`
  },
  {
    why: `A statement for a closed connection is rejected at once. Otherwise its write fails later, where no caller can
      catch the error (#1066, #1154).`,
    find: 'function execute(q) {\n',
    replace: `function execute(q) {
      if (socket === null) return queryError(q, Errors.connection('CONNECTION_CLOSED', options)), true
`
  },
  {
    why: `A BEGIN always reserves its connection. The driver does not when the pipeline is full, and other statements
      then run inside that transaction (#1189). Where statements are not prepared, one is sent at a time: PgBouncer
      below 1.21 takes the server's connection away after the first response, and the second never comes.`,
    find: 'return write(toBuffer(q))\n',
    replace: `if (q.options.onexecute) return write(toBuffer(q)), q.options.onexecute(connection), false
      return write(toBuffer(q)) && options.prepare
`
  },
  {
    why: 'Buffered bytes for a closed connection are dropped, for the same reason as statements (#1066, #1154).',
    find: 'function nextWrite(fn) {\n',
    replace: `function nextWrite(fn) {
      if (socket === null) return clearImmediate(nextWriteTimer), chunk = nextWriteTimer = null, false
`
  },
  {
    why: `A server that closes the connection before the login is down: try the next host of the list, then report it
      and back off. The driver would reconnect for ever without a pause (#1193). A new session begins with the first.`,
    find: '    if (initial)\n      return reconnect()\n',
    replace: `    chunk = nextWriteTimer = null
    if (initial && options.host[++retries]) return reconnect()
    retries = hostIndex = 0
    if (initial) errored(Errors.connection('CONNECT_CLOSED', options)), hadError = true
`
  },
  {
    why: `Queries of a dead session are rejected and forgotten. Otherwise the next session on this connection gets their
      error (#1223) or their result.`,
    find:
      "    !hadError && (query || sent.length) && error(Errors.connection('CONNECTION_CLOSED'," +
      ' options, socket))\n',
    replace: `    if (query || sent.length) error(Errors.connection('CONNECTION_CLOSED', options))
    query = results = errorResponse = null
    result = new Result()
`
  },
  {
    why: `Rows that came before an error, or before the session died, are not counted for the next result, which would
      begin with as many empty entries (#1181).`,
    find: '    result = new Result()\n    connectTimer.cancel()\n',
    replace: `    result = new Result()
    rows = 0
    connectTimer.cancel()
`
  },
  {
    why: `A server that offers no TLS, where TLS is required, is told apart from one that is down. The driver would send
      it a TLS greeting, which it takes for nonsense.`,
    find: "      if (!canSSL && ssl === 'prefer')\n        return connected()\n",
    replace: `      if (!canSSL && ssl === 'prefer')
        return connected()
      if (!canSSL) {
        errored(Errors.generic('TLS_NOT_OFFERED', 'no TLS'))
        return socket.destroy()
      }
`
  },
  {
    why: 'A server that is read-only after a failover is the wrong one: close the connection after its transaction.',
    find: '      errorResponse = Errors.postgres(parseError(x))\n',
    replace: `      errorResponse = Errors.postgres(parseError(x))
      if (errorResponse.code === '25006') end()
`
  },
  {
    why: `A connection with more prepared statements than max_statements is closed while nothing is in progress on it,
      and opened again. The driver forgets no statement, and each takes the server's memory until the connection closes.
      A statement that is being prepared is the last one in progress, so the limit is not passed by far.`,
    find:
      '          : (connection.reserved = null, onopen(connection))\n' +
      '        : connection.reserved()\n      : ending\n' +
      '        ? terminate()\n        : onopen(connection)\n',
    replace: `          : (connection.reserved = null, openUnlessFull())
        : connection.reserved()
      : ending
        ? terminate()
        : openUnlessFull()

    function openUnlessFull() {
      statementCount > options.max_statements ? end() : onopen(connection)
    }
`
  },
  {
    why: `When a server does not respond, the statement is cancelled, in case the server can still process that, and the
      connection is closed (#1089), however much is sent to it meanwhile. Idle connections to the same server are most
      likely dead as well, and are closed before each costs a caller.`,
    find: '      const s = StartupMessage()\n',
    replace: `      if (options.silence_ms) {
        const idle = options.idle_beside ??= new Map()
        idle.set(connection, () => {
          if (socket && !query && !initial && !sent.length && !connection.reserved) socket.destroy()
        })
        let silent = 0
        const clock = setInterval(() => {
          silent = query ? silent + 1 : 0
          if (silent < ${SILENT_TICKS}) return
          Connection(options).cancel({ ...backend }, noop, noop)
          socket.destroy(Errors.connection('CONNECTION_SILENT', options))
          for (const closeIfIdle of idle.values()) closeIfIdle()
        }, options.silence_ms / ${SILENT_TICKS}).unref()
        socket.on('data', () => { silent = 0 }).once('close', () => clearInterval(clock))
      }
      const s = StartupMessage()
`
  }
]

const PATCHES: Record<string, Patch[]> = {
  '/postgres/src/connection.js': CONNECTION,
  '/postgres/src/queue.js': QUEUE
}

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context)
    const file = Object.keys(PATCHES).find((name) => url.endsWith(name))
    if (file === undefined) {
      return loaded
    }
    const marked = `globalThis[Symbol.for('${MARK}')] = true\n${loaded.source}`
    return { ...loaded, source: (PATCHES[file] as Patch[]).reduce(applyPatch, marked) }
  }
})

/** Throws when the driver was loaded before this module, hence without patches. */
export function assertDriverPatched(): void {
  if (!(Symbol.for(MARK) in globalThis)) {
    throw new Error(
      'postgres.js was loaded before db/postgres-js/patches.ts: import db/client.ts first'
    )
  }
}

function applyPatch(source: string, { find, replace }: Patch): string {
  if (source.split(find).length !== 2) {
    throw new Error(
      'postgres.js has changed: read db/postgres-js/patches.ts before raising its version'
    )
  }
  return source.replace(find, () => replace)
}
