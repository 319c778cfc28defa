import { connect } from 'node:net'

export interface RawResponse {
  status: number
  headers: Record<string, string>
  body: string
  closed: boolean
}

const TIMEOUT_MS = 10_000

/** Sends bytes to a listening server as they are and returns all responses until the server closes the connection. */
export function rawHttp(port: number, ...chunks: (string | Buffer)[]): Promise<RawResponse[]> {
  return rawHttpWithin(TIMEOUT_MS, port, ...chunks)
}

/** Does the same for requests of which the server may wait for the rest: they end after a time without data. */
export function rawHttpWithin(
  timeoutMs: number,
  port: number,
  ...chunks: (string | Buffer)[]
): Promise<RawResponse[]> {
  return new Promise((resolve) => {
    const received: Buffer[] = []
    const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true }, () => {
      for (const chunk of chunks) {
        socket.write(chunk)
      }
    })
    const finish = (closed: boolean) => {
      socket.destroy()
      resolve(answersIn(Buffer.concat(received), closed))
    }
    socket.setTimeout(timeoutMs, () => finish(false))
    socket.on('data', (data) => received.push(data))
    socket.on('end', () => finish(true))
    // The server may close the connection while we still write: its responses before that count.
    socket.on('error', () => finish(true))
  })
}

/** Returns a request with the headers that each needs and `Connection: close`, so that the server closes it. */
export function requestText(
  line: string,
  headers: Record<string, string | string[]> = {},
  body = ''
): string {
  const all = { Host: 'tasklane.test', Connection: 'close', ...headers }
  const lines = Object.entries(all).flatMap(([name, values]) =>
    [values].flat().map((value) => `${name}: ${value}`)
  )
  return [`${line} HTTP/1.1`, ...lines, '', body].join('\r\n')
}

function answersIn(bytes: Buffer, closed: boolean): RawResponse[] {
  const answers: RawResponse[] = []
  let rest = bytes.toString('latin1')
  while (rest !== '') {
    const end = rest.indexOf('\r\n\r\n')
    const [first = '', ...lines] = rest.slice(0, end < 0 ? undefined : end).split('\r\n')
    const headers = Object.fromEntries(
      lines.map((line) => [
        line.slice(0, line.indexOf(':')).toLowerCase(),
        line.slice(line.indexOf(':') + 1).trim()
      ])
    )
    // A chunked body is the last thing on a connection that is closed after it, and is left as it came.
    const length =
      headers['transfer-encoding'] === 'chunked'
        ? rest.length
        : Number(headers['content-length'] ?? 0)
    const body = end < 0 ? '' : rest.slice(end + 4, end + 4 + length)
    answers.push({
      status: Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1] ?? 0),
      headers,
      body,
      closed
    })
    rest = end < 0 ? '' : rest.slice(end + 4 + length)
  }
  return answers
}
