import { Resolver } from 'node:dns/promises'
import { type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { MAX_RESPONSE_KEPT } from './delivery.schema.ts'
import { addressOf, hostOf, type TargetRules } from './target.ts'

/** From the look-up of the name to the status of the response. */
const TIMEOUT_MS = 15_000
/** For the beginning of the body, once the status is known. */
const BODY_MS = 2000
const DNS_TIMEOUT_MS = 2500
const DNS_TRIES = 2

/** What came of a request: a response, or in words why there was none. */
export interface Answer {
  status: number | null
  error: string | null
  response: string | null
  retryAfter: string | undefined
}
export type Send = (
  url: string,
  headers: Record<string, string>,
  body: string,
  stopped: AbortSignal
) => Promise<Answer>
/** Looks up the IP addresses of a name; throws when nobody knows them. */
export type Resolve = (name: string) => Promise<string[]>

/** Why a request was not sent. */
class NotSent extends Error {}

/**
 * Returns a function that posts to a receiver: to addresses that were looked up once and each of which is allowed. It
 * follows no redirect, reads the beginning of the response, and throws only when it is stopped.
 */
export function createSend(
  rules: TargetRules,
  resolve: Resolve = lookUp,
  timeoutMs = TIMEOUT_MS
): Send {
  return async (text, headers, body, stopped) => {
    const timeout = AbortSignal.timeout(timeoutMs)
    const signal = AbortSignal.any([timeout, stopped])
    try {
      signal.throwIfAborted()
      const url = new URL(text)
      const addresses = await untilAborted(addressesOf(url, resolve), signal)
      // One that is inside makes all of them suspect.
      if (!addresses.every((address) => rules.mayReach(url, address))) {
        throw new NotSent('The URL leads to an address that is not allowed.')
      }
      return await post({ url, addresses, headers, body, signal })
    } catch (error) {
      stopped.throwIfAborted()
      return {
        status: null,
        error: reasonOf(error, timeout),
        response: null,
        retryAfter: undefined
      }
    }
  }
}

async function addressesOf(url: URL, resolve: Resolve): Promise<string[]> {
  const host = hostOf(url)
  const address = addressOf(host)
  const addresses = address === undefined ? await resolve(host).catch(notLookedUp) : [address]
  if (addresses.length === 0) {
    throw new NotSent('The name of the host has no IP address.')
  }
  return addresses
}

function notLookedUp(): never {
  throw new NotSent('The name of the host could not be looked up.')
}

/** What name servers say of a name that has no address. */
const HAS_NONE = new Set(['ENOTFOUND', 'ENODATA'])

/**
 * Asks the name servers of this machine. (`dns.lookup` would take one of four threads, which everything else in the
 * process shares, for as long as the name server of a receiver likes.)
 */
async function lookUp(name: string): Promise<string[]> {
  const resolver = new Resolver({ timeout: DNS_TIMEOUT_MS, tries: DNS_TRIES })
  const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)])
  const addresses = answers.flatMap((it) => (it.status === 'fulfilled' ? it.value : []))
  const failure = answers.find((it) => it.status === 'rejected' && !HAS_NONE.has(it.reason.code))
  if (addresses.length === 0 && failure?.status === 'rejected') {
    throw failure.reason
  }
  return addresses
}

function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    work.then(resolve, reject)
  })
}

interface Post {
  url: URL
  addresses: string[]
  headers: Record<string, string>
  body: string
  signal: AbortSignal
}

function post({ url, addresses, headers, body, signal }: Post): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const host = hostOf(url)
    const send = url.protocol === 'https:' ? requestHttps : requestHttp
    const request = send({
      method: 'POST',
      host,
      port: url.port,
      path: url.pathname + url.search,
      // A connection of its own, to an address that has just been checked.
      agent: false,
      lookup: lookupOf(addresses),
      servername: isIP(host) === 0 ? host : '',
      headers: { ...headers, host: url.host, 'content-length': Buffer.byteLength(body) },
      signal
    })
    let hasResponse = false
    request.on('response', (response) => {
      hasResponse = true
      readBeginning(response, signal).then((text) => {
        request.destroy()
        resolve({
          status: response.statusCode ?? null,
          error: null,
          response: text,
          retryAfter: response.headers['retry-after']
        })
      }, reject)
    })
    request.on('upgrade', (_, socket) => {
      socket.on('error', () => {}).destroy()
      reject(new NotSent('The receiver switched to another protocol.'))
    })
    request.on('error', (error) => {
      if (!hasResponse) {
        reject(error)
      }
    })
    request.end(body)
  })
}

/** Names no address but these, whatever name is asked for. */
const lookupOf =
  (addresses: string[]): LookupFunction =>
  (_name, { all }, callback) => {
    const found = addresses.map((address) => ({ address, family: isIP(address) }))
    const [first] = found
    if (all) {
      callback(null, found)
    } else {
      callback(null, first?.address ?? '', first?.family ?? 4)
    }
  }

/** Reads the beginning of a body, as far as it has come in time. */
function readBeginning(response: IncomingMessage, signal: AbortSignal): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let length = 0
    const finish = () => {
      clearTimeout(timer)
      resolve(textOf(Buffer.concat(chunks).subarray(0, MAX_RESPONSE_KEPT)))
    }
    const timer = setTimeout(finish, BODY_MS)
    response.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      length += chunk.length
      if (length >= MAX_RESPONSE_KEPT) {
        finish()
      }
    })
    response.on('end', finish).on('close', finish).on('error', finish)
    signal.addEventListener('abort', finish, { once: true })
  })
}

/** The database stores no NUL; of a character that was cut nothing is left. */
const textOf = (bytes: Buffer): string =>
  new TextDecoder().decode(bytes, { stream: true }).replaceAll('\0', '\ufffd')

const REASONS: Record<string, string> = {
  ECONNREFUSED: 'The connection was refused.',
  ECONNRESET: 'The connection was closed before there was a response.',
  EHOSTUNREACH: 'The host cannot be reached.',
  ENETUNREACH: 'The network cannot be reached.',
  ETIMEDOUT: 'There was no connection in time.',
  EPIPE: 'The connection was closed before there was a response.'
}

/** Says why there was no response, and nothing about what is inside. */
function reasonOf(error: unknown, timeout: AbortSignal): string {
  if (error instanceof NotSent) {
    return error.message
  }
  if (timeout.aborted) {
    return `There was no response within ${TIMEOUT_MS / 1000} seconds.`
  }
  const { code = '' } = error as { code?: string }
  return REASONS[code] ?? `The request failed${code === '' ? '' : `: ${code}`}.`
}
