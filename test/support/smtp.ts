import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { SMTPServer } from 'smtp-server'
import type { Test } from 'tap'

export interface Received {
  from: string
  to: string[]
  headers: string
  text: string
  html: string
  raw: string
}
/** How the server replies to the nth delivery, counted from one; undefined accepts it. */
export type Reply = (nth: number) => { code: number; text: string } | undefined

/** Starts a real SMTP server on loopback that ends with the test. */
export async function smtpServer(t: Test, replyTo: Reply = () => undefined) {
  const received: Received[] = []
  let deliveries = 0
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, { envelope }, done) {
      text(stream).then((raw) => {
        const reply = replyTo(++deliveries)
        if (reply) {
          done(Object.assign(new Error(reply.text), { responseCode: reply.code }))
          return
        }
        received.push({
          from: envelope.mailFrom ? envelope.mailFrom.address : '',
          to: envelope.rcptTo.map(({ address }) => address),
          raw,
          ...partsOf(raw)
        })
        server.emit('received')
        done()
      }, done)
    }
  })
  // Clients that leave in the middle are none of the test's business.
  server.on('error', () => {})
  const listener = server.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  t.teardown(() => new Promise<void>((resolve) => server.close(() => resolve())))
  return {
    url: `smtp://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    received,
    deliveries: () => deliveries,
    /** Resolves when so many emails have arrived. */
    arrived: async (count: number): Promise<Received[]> => {
      while (received.length < count) {
        await once(server as unknown as NodeJS.EventEmitter, 'received')
      }
      return received
    }
  }
}

function partsOf(raw: string): Pick<Received, 'headers' | 'text' | 'html'> {
  const [headers = ''] = raw.split('\r\n\r\n', 1)
  const boundary = /boundary="([^"]+)"/.exec(headers)?.[1] ?? 'none'
  const part = (type: string): string => {
    const found =
      raw.split(`--${boundary}`).find((one) => one.includes(`Content-Type: ${type}`)) ?? ''
    const body = found.slice(found.indexOf('\r\n\r\n') + 4)
    if (/quoted-printable/i.test(found)) {
      return unquoted(body)
    }
    return /base64/i.test(found) ? Buffer.from(body, 'base64').toString() : body
  }
  return { headers, text: part('text/plain'), html: part('text/html') }
}

const unquoted = (body: string): string =>
  Buffer.from(
    body
      .replace(/=\r\n/g, '')
      .replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1'
  ).toString()
