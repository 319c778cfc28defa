import { connect } from 'node:net'

export interface RawResponse {
  status: number
  headers: Record<string, string>
  body: string
  closed: boolean
}

const PATIENCE_MS = 10_000

/** Writes bytes to a listening server as they are and gives all answers that came until the server closed the connection. */
export function rawHttp(port: number, ...chunks: (string | Buffer)[]): Promise<RawResponse[]> {
  return rawHttpWithin(PATIENCE_MS, port, ...chunks)
}

/** The same for requests that the server may rightly wait for the rest of: after so long a silence they are given up. */
export function rawHttpWithin(
  patienceMs: number,
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
    socket.setTimeout(patienceMs, () => finish(false))
    socket.on('data', (data) => received.push(data))
    socket.on('end', () => finish(true))
    // The server may close while we still write; what it said before counts.
    socket.on('error', () => finish(true))
  })
}

/** A request with the headers that every request needs and `Connection: close`, so that the answer ends the exchange. */
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
