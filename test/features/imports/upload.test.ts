import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import t from 'tap'
import { taskImportBlocks, taskImports } from '../../../src/db/tables/task-imports.ts'
import {
  accepted,
  form,
  IMPORTS,
  imported,
  type Part,
  read,
  rows,
  sample,
  tasksOf,
  upload,
  worker
} from '../../support/imports.ts'
import { requestText } from '../../support/raw-http.ts'
import { createTestApp } from '../../support/test-app.ts'
import { waitUntil } from '../../support/wait-until.ts'

const { app, signUp, db, config } = await createTestApp(t, {
  env: { IMPORT_MAX_ROWS: '1200', IMPORT_MAX_BYTES: '100000' }
})
/** Counts what is stored, visible or not. */
const stored = async () => [await db.$count(taskImports), await db.$count(taskImportBlocks)]

t.test(
  'a file that is not valid CSV of tasks is rejected with the reason, and nothing of it stays',
  async (t) => {
    const ann = await signUp()
    const rejected: [what: string, file: string | Buffer, code: string, words: RegExp][] = [
      ['an empty file', sample('empty'), 'empty', /empty/],
      ['a file of blank lines', '\r\n  \n,,\n', 'empty', /empty/],
      ['a cut-off character', Buffer.from('title\nCaf\xc3', 'latin1'), 'wrong_encoding', /UTF-8/],
      ['no title', 'name,status\na,done\n', 'missing_column', /title \(or subject\).*name, status/],
      ['no title, tabs', 'name\tstatus\na\tdone\n', 'missing_column', /name, status/],
      ['no title, quotes', 'name;notes\na;"b ""c"" d"\n', 'missing_column', /name, notes/],
      [
        'broken UTF-8',
        Buffer.from('title\nCaf\xc3\xa9 \xe9\n', 'latin1'),
        'wrong_encoding',
        /UTF-8/
      ],
      [
        'broken UTF-16',
        Buffer.from('fffe7400690074006c006500d8', 'hex'),
        'wrong_encoding',
        /UTF-16/
      ],
      ['a JSON array', '[{"title": "x"}]', 'wrong_type', /JSON lines/],
      ['a JSON object of lines', '{\n"title": "x"\n}\n', 'not_json_lines', /Row 1/],
      ['a PDF', '%PDF-1.7\n', 'wrong_type', /PDF/],
      ['a ZIP', Buffer.from('504b0304140000', 'hex'), 'wrong_type', /ZIP/],
      ['a PNG', Buffer.from('89504e470d0a1a0a', 'hex'), 'wrong_type', /PNG/],
      ['HTML', '\ufeff\n<!DOCTYPE html><title>title</title>', 'wrong_type', /HTML/],
      ['two titles', 'Title,subject\na,b\n', 'repeated_column', /Title.*subject/],
      ['an unterminated quote', sample('bad_unterminated'), 'unterminated_quote', /row 2/],
      ['a quote in the middle', 'title\nfine\n5" pipe\n', 'stray_quote', /row 2/],
      ['text after a quote', 'title\n"a"b\n', 'stray_quote', /row 1/],
      ['too many columns', `title${',x'.repeat(200)}\n`, 'too_many_columns', /200/]
    ]
    for (const [what, file, code, words] of rejected) {
      const response = await upload(ann, file)
      t.match(
        response.json(),
        {
          status: 400,
          code: 'invalid_request',
          detail: words,
          errors: [{ in: 'body', pointer: '/file', code }]
        },
        what
      )
    }
    t.strictSame(await stored(), [0, 0])
  }
)

t.test(
  'a form that is not one CSV file in the field file is rejected with the field',
  async (t) => {
    const ann = await signUp()
    const csv = { content: 'title\nx\n', name: 'a.csv', type: 'text/csv' }
    const rejected: [what: string, parts: Part[], pointer: string, code: string][] = [
      ['another field', [{ ...csv, field: 'upload' }], '/upload', 'unknown_field'],
      ['no field', [], '/file', 'required'],
      ['a text instead of a file', [{ content: 'title\nx\n' }], '/file', 'wrong_type'],
      [
        'another name and type',
        [{ ...csv, name: 'a.png', type: 'image/png' }],
        '/file',
        'wrong_type'
      ],
      ['a text', [{ ...csv, name: 'a.txt', type: 'text/plain' }], '/file', 'wrong_type'],
      ['two files', [csv, csv], '/file', 'given_twice'],
      [
        'a switch beside the file',
        [csv, { content: 'true', field: 'dry_run' }],
        '/dry_run',
        'unknown_field'
      ],
      [
        'a switch before the file',
        [{ content: 'true', field: 'dry_run' }, csv],
        '/dry_run',
        'unknown_field'
      ]
    ]
    for (const [what, parts, pointer, code] of rejected) {
      const response = await ann.send({ method: 'POST', url: IMPORTS, ...form(...parts) })
      t.match(response.json(), { status: 400, errors: [{ in: 'body', pointer, code }] }, what)
    }
    for (const disposition of [
      'Content-Disposition: form-data',
      'Content-Disposition: form-data; filename="a.csv"',
      'Content-Disposition: form-data; name=""; filename="a.csv"',
      'Content-Disposition: attachment',
      'X: y'
    ]) {
      const response = await ann.send({
        method: 'POST',
        url: IMPORTS,
        headers: { 'content-type': 'multipart/form-data; boundary=x' },
        payload: `--x\r\n${disposition}\r\nContent-Type: text/csv\r\n\r\ntitle\r\n--x--\r\n`
      })
      t.match(
        response.json(),
        { status: 400, code: 'invalid_request', errors: [{ in: 'body' }] },
        disposition
      )
    }
    t.match((await ann.post(IMPORTS, { file: 'title\nx\n' })).json(), {
      status: 415,
      code: 'unsupported_media_type'
    })
    const { payload, headers } = form(csv)
    t.match(
      (
        await ann.send({ method: 'POST', url: IMPORTS, payload: payload.subarray(0, -20), headers })
      ).json(),
      { status: 400, code: 'malformed_request' },
      'an incomplete form'
    )
    t.match(
      (
        await ann.send({
          method: 'POST',
          url: IMPORTS,
          payload,
          headers: { 'content-type': 'multipart/form-data' }
        })
      ).json(),
      { status: 400 },
      'a form without a boundary'
    )
    for (const query of ['?dry_run=maybe', '?dryrun=true']) {
      t.match(
        (await upload(ann, 'title\nx\n', { query })).json(),
        { status: 400, errors: [{ in: 'query' }] },
        query
      )
    }
    t.strictSame(await stored(), [0, 0])
  }
)

t.test('the types and names that systems give to CSV files are accepted', async (t) => {
  const ann = await signUp()
  for (const type of [
    'text/csv',
    'text/csv; charset=utf-8',
    'application/octet-stream',
    'application/vnd.ms-excel',
    'text/plain'
  ]) {
    t.equal((await upload(ann, 'title\nx\n', { type })).statusCode, 202, type)
  }
  t.match(await accepted(ann, 'title\nx\n', { name: 'C:\\Users\\Ann\\Tasks 2026.CSV' }), {
    file_name: 'Tasks 2026.CSV'
  })
})

t.test(
  'a file beyond a limit is 413 and leaves nothing, one at the limit is accepted',
  async (t) => {
    const ann = await signUp()
    const before = await stored()
    t.match((await upload(ann, rows(1201))).json(), {
      status: 413,
      code: 'body_too_large',
      detail: /1200 rows/
    })
    for (const size of [100_001, 150_000, 3_000_000]) {
      t.match(
        (await upload(ann, `title\n"${'x'.repeat(size)}"\n`.slice(0, size))).json(),
        { status: 413, code: 'body_too_large', detail: /100000 bytes/ },
        `${size} bytes`
      )
    }
    t.strictSame(await stored(), before)
    t.match(await accepted(ann, rows(1200)), { rows_total: 1200 })
    const line = 'some text\n'
    t.match(await accepted(ann, `title,${'y'.repeat(93)}\n${line.repeat(10)}`), { rows_total: 10 })
  }
)

t.test(
  'the same file with the same key is imported once; another file with it is rejected',
  async (t) => {
    const ann = await signUp()
    const first = await upload(ann, rows(3), { key: 'once' })
    const again = await upload(ann, rows(3), { key: 'once', name: 'renamed.csv' })
    t.strictSame(
      [again.statusCode, again.body, again.headers.location, again.headers['idempotent-replayed']],
      [202, first.body, first.headers.location, 'true']
    )
    t.match((await upload(ann, rows(4), { key: 'once' })).json(), {
      status: 422,
      code: 'idempotency_key_reused'
    })
    t.match((await upload(ann, rows(3), { key: 'once', query: '?dry_run=true' })).json(), {
      status: 422
    })
    const working = worker(t, { db, config })
    const race = await Promise.all(
      Array.from({ length: 5 }, () => upload(ann, rows(2, 'Race'), { key: 'race' }))
    )
    t.equal(
      new Set(
        race.filter(({ statusCode }) => statusCode === 202).map((response) => response.json().id)
      ).size,
      1
    )
    for (const response of race) {
      t.ok(response.statusCode === 202 || response.json().code === 'idempotency_in_flight')
    }
    t.equal((await ann.get(IMPORTS)).json().data.length, 2)
    await imported(ann, 'title\nlast\n')
    t.equal((await tasksOf(ann)).length, 3 + 2 + 1)
    await working.stop()
  }
)

t.test('a user has at most twenty unfinished imports', async (t) => {
  const ann = await signUp()
  const responses = await Promise.all(Array.from({ length: 25 }, () => upload(ann, 'title\nx\n')))
  t.equal(responses.filter(({ statusCode }) => statusCode === 202).length, 20)
  for (const response of responses.filter(({ statusCode }) => statusCode !== 202)) {
    t.match(response.json(), { status: 409, code: 'too_many_imports' })
  }
  const [first] = (await ann.get(`${IMPORTS}?limit=1`)).json().data
  t.equal((await ann.post(`${IMPORTS}/${first.id}/cancel`)).statusCode, 200)
  t.equal((await upload(ann, 'title\nx\n')).statusCode, 202)
})

t.test('other users do not see an import, admins included', async (t) => {
  const [ann, bob, boss] = [await signUp(), await signUp(), await signUp('admin')]
  const own = await accepted(ann, 'title\nx\n')
  t.match(await read(ann, own), { id: own.id, status: 'queued' })
  for (const other of [bob, boss]) {
    for (const url of [`${IMPORTS}/${own.id}`, `${IMPORTS}/${own.id}/errors`]) {
      t.equal((await other.get(url)).statusCode, 404)
    }
    t.equal((await other.post(`${IMPORTS}/${own.id}/cancel`)).statusCode, 404)
    t.strictSame((await other.get(IMPORTS)).json().data, [])
  }
})

t.test(
  'an upload whose sender disconnects leaves nothing, and a slow one is staged as it arrives',
  async (t) => {
    const ann = await signUp()
    const before = await stored()
    await app.listen({ host: '127.0.0.1', port: 0 })
    const { port } = app.server.address() as AddressInfo
    const { payload, headers } = form({
      content: rows(1100, 'A task with a title that is long enough for a file'),
      name: 'slow.csv',
      type: 'text/csv'
    })
    const start = async () => {
      const socket = connect({ host: '127.0.0.1', port }).on('error', () => {})
      await once(socket, 'connect')
      socket.write(
        requestText(
          `POST ${IMPORTS}`,
          {
            Authorization: `Bearer ${ann.access_token}`,
            'Content-Type': headers['content-type'] as string,
            'Content-Length': String(payload.length),
            Connection: 'close'
          },
          ''
        )
      )
      socket.write(payload.subarray(0, payload.length - 2000))
      await waitUntil('the first blocks', async () => (await stored())[1] === Number(before[1]) + 2)
      return socket
    }
    const aborted = await start()
    t.equal((await ann.get(IMPORTS)).json().data.length, 0, 'it is not visible yet')
    aborted.destroy()
    await waitUntil(
      'nothing to be stored',
      async () => JSON.stringify(await stored()) === JSON.stringify(before)
    )
    const slow = await start()
    let received = ''
    slow
      .setEncoding('utf8')
      .on('data', (text) => {
        received += text
      })
      .write(payload.subarray(payload.length - 2000))
    await once(slow, 'close')
    t.match(received, /^HTTP\/1\.1 202 .*"rows_total":1100/s)
  }
)

t.test('a file is taken for its name or for its type', async (t) => {
  const taken: [name: string, type: string | undefined][] = [
    ['blob', 'text/csv'],
    ['blob', 'application/octet-stream'],
    ['blob', undefined],
    ['export', 'text/comma-separated-values'],
    ['tasks', 'application/x-csv;charset=utf-8'],
    ['Tasks.CSV', 'image/png'],
    ['tasks.csv', 'application/x-anything']
  ]
  for (const [name, type] of taken) {
    const ann = await signUp()
    const part = { content: 'title\nx\n', name, type }
    const response = await ann.send({ method: 'POST', url: IMPORTS, ...form(part) })
    t.equal(response.statusCode, 202, `${name} ${type}`)
  }
})
