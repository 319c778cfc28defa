import { Agent, type IncomingHttpHeaders, request } from 'node:http'

/** Longer than any promise: who is still waiting then was never answered. */
const PATIENCE_MS = 15_000

export interface Answer {
  /** 0 when there was no answer; then `fault` says how the call ended. */
  status: number
  fault: string | undefined
  headers: IncomingHttpHeaders
  // biome-ignore lint/suspicious/noExplicitAny: read by those who know what they asked for
  body: any
  ms: number
}
export interface Call {
  method?: string
  path: string
  body?: object | undefined
  headers?: Record<string, string>
}

/** Somebody with one connection, which is kept while the server keeps it. */
export class Client {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 1 })
  private readonly origin: { port: number; token: string | undefined }
  private readonly onAnswer: (call: Call, answer: Answer) => void

  private readonly patienceMs: number

  constructor(
    port: number,
    token?: string,
    onAnswer: (call: Call, answer: Answer) => void = () => {},
    patienceMs = PATIENCE_MS
  ) {
    this.patienceMs = patienceMs
    this.origin = { port, token }
    this.onAnswer = onAnswer
  }

  /** Settles in any case and in bounded time, once; nothing is repeated. */
  send(call: Call): Promise<Answer> {
    const { method = 'GET', path, body, headers = {} } = call
    const { port, token } = this.origin
    const startedAt = performance.now()
    const form = body instanceof Buffer
    const payload = body === undefined || form ? body : JSON.stringify(body)
    return new Promise<Answer>((resolve) => {
      const settle = (answer: Partial<Answer>) => {
        clearTimeout(timer)
        const whole = {
          status: 0,
          fault: undefined,
          headers: {},
          body: undefined,
          ms: performance.now() - startedAt,
          ...answer
        }
        this.onAnswer(call, whole)
        resolve(whole)
      }
      const asked = request(
        {
          host: '127.0.0.1',
          port,
          method,
          path,
          agent: this.agent,
          headers: {
            ...(token && { authorization: `Bearer ${token}` }),
            ...(payload !== undefined && {
              'content-type': 'application/json',
              'content-length': String(Buffer.byteLength(payload))
            }),
            ...headers
          }
        },
        (answer) => {
          const chunks: Buffer[] = []
          answer
            .on('data', (chunk) => chunks.push(chunk))
            .on('error', fail)
            .on('end', () => {
              if (!answer.complete) {
                fail(Object.assign(new Error(), { code: 'CUT_SHORT' }))
                return
              }
              const text = Buffer.concat(chunks).toString()
              const isJson = /json/.test(answer.headers['content-type'] ?? '')
              settle({
                status: answer.statusCode ?? 0,
                headers: answer.headers,
                body: isJson ? JSON.parse(text) : text
              })
            })
        }
      )
      const fail = (error: Error & { code?: string }) =>
        settle({ fault: error.code ?? error.message })
      const timer = setTimeout(() => {
        asked.destroy(Object.assign(new Error(), { code: 'NO_ANSWER' }))
      }, this.patienceMs)
      asked.once('error', fail)
      asked.end(payload)
    })
  }

  close(): void {
    this.agent.destroy()
  }
}
