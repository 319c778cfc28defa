import { Agent, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'

/** Longer than any guaranteed response time: a call that is still open then gets no response any more. */
const TIMEOUT_MS = 15_000

export interface ApiResponse {
  /** 0 without a response; then `error` says how the call ended. */
  status: number
  error: string | undefined
  headers: IncomingHttpHeaders
  // biome-ignore lint/suspicious/noExplicitAny: the caller knows the shape of what it requested
  body: any
  ms: number
}
export interface ApiRequest {
  method?: string
  path: string
  body?: object | undefined
  headers?: Record<string, string>
}

type OnResponse = (request: ApiRequest, response: ApiResponse) => void
type NetworkError = Error & { code?: string }

const errorWithCode = (code: string): NetworkError => Object.assign(new Error(code), { code })

/** A caller with one connection, which it reuses as long as the server keeps it open. */
export class Client {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 1 })
  private readonly port: number
  private readonly token: string | undefined
  private readonly onResponse: OnResponse
  private readonly timeoutMs: number

  constructor(
    port: number,
    token?: string,
    onResponse: OnResponse = () => {},
    timeoutMs = TIMEOUT_MS
  ) {
    this.port = port
    this.token = token
    this.onResponse = onResponse
    this.timeoutMs = timeoutMs
  }

  /** Sends a request once, without retries. Always resolves, at the latest after the timeout. */
  send(apiRequest: ApiRequest): Promise<ApiResponse> {
    const startedAt = performance.now()
    return new Promise<ApiResponse>((resolve) => {
      const settle = (outcome: Partial<ApiResponse>) => {
        clearTimeout(timer)
        const response = {
          status: 0,
          error: undefined,
          headers: {},
          body: undefined,
          ms: performance.now() - startedAt,
          ...outcome
        }
        this.onResponse(apiRequest, response)
        resolve(response)
      }
      const fail = (error: NetworkError) => settle({ error: error.code ?? error.message })
      const call = this.open(apiRequest)
      const timer = setTimeout(() => call.destroy(errorWithCode('TIMEOUT')), this.timeoutMs)
      call.once('error', fail)
      call.once('response', (message) => {
        readBody(message).then((body) => {
          settle({ status: message.statusCode ?? 0, headers: message.headers, body })
        }, fail)
      })
    })
  }

  close(): void {
    this.agent.destroy()
  }

  private open({ method = 'GET', path, body, headers }: ApiRequest) {
    const isSerialized = body === undefined || body instanceof Buffer
    const payload = isSerialized ? body : JSON.stringify(body)
    const call = request({
      host: '127.0.0.1',
      port: this.port,
      method,
      path,
      agent: this.agent,
      headers: {
        ...(this.token && { authorization: `Bearer ${this.token}` }),
        ...(payload !== undefined && {
          'content-type': 'application/json',
          'content-length': String(Buffer.byteLength(payload))
        }),
        ...headers
      }
    })
    return call.end(payload)
  }
}

/** Reads a whole body, parsed if it is JSON; rejects when the connection ends before the body does. */
function readBody(message: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  return new Promise((resolve, reject) => {
    message
      .on('data', (chunk) => chunks.push(chunk))
      .on('error', reject)
      .on('end', () => {
        if (!message.complete) {
          reject(errorWithCode('TRUNCATED'))
          return
        }
        const text = Buffer.concat(chunks).toString()
        const isJson = /json/.test(message.headers['content-type'] ?? '')
        resolve(isJson ? JSON.parse(text) : text)
      })
  })
}
