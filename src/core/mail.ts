import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises'
import type { Transporter } from 'nodemailer'
import type { Config } from '../config.ts'
import { type Mailbox, parseMailbox } from '../lib/email.ts'
import { isPermanent, reasonOf, type SmtpError } from './mail-errors.ts'

/** An email to one person, as text and as HTML. */
export interface EmailMessage {
  to: string
  subject: string
  text: string
  html: string
}

/** Sends email. Nothing is stored, since a message may contain a code, and codes are never stored in clear text. */
export interface Mail {
  /** False with `EMAIL_ENABLED=off`: no email will arrive, so nothing may wait for one. */
  isEnabled: boolean
  /** Returns at once and never throws. The message is sent from memory afterwards, with a few quick retries. */
  send(message: EmailMessage): void
  /** Returns recent messages, newest first; always empty in production. */
  sentMessages(): EmailMessage[]
  /** Waits a little for messages in flight, then drops them. */
  close(): Promise<void>
}

/** What becomes of an email at the end. */
export type EmailOutcome = 'sent' | 'failed' | 'dropped'

type MailConfig = Pick<Config, 'isProduction' | 'EMAIL_ENABLED' | 'SMTP_URL' | 'EMAIL_FROM'>
type Log = Record<'info' | 'warn' | 'error', (fields: object, text: string) => void>

const MAX_STORED = 100
/** Further messages are dropped: their recipients can ask again. */
const MAX_IN_FLIGHT = 1000
const CONNECTIONS = 2
const TIMEOUTS = {
  connectionTimeout: 5000,
  greetingTimeout: 5000,
  socketTimeout: 10_000,
  dnsTimeout: 5000
}
/** Well below the time within which a process must shut down. */
const CLOSE_MS = 3000
const RETRY_AFTER_MS = [500, 2000, 5000]
/** One bare email: nothing that could be read as a second recipient, as a name, or as another header. */
const BARE_EMAIL = /^[^\s<>,;:"()[\]\\@]+@[^\s<>,;:"()[\]\\@]+$/

/**
 * Sends email by SMTP when `SMTP_URL` is set. Outside production messages are also stored in memory and, without
 * `SMTP_URL`, written to the log.
 */
export function createMail(
  config: MailConfig,
  log: Log,
  retryAfterMs: readonly number[] = RETRY_AFTER_MS,
  recordOutcome: (outcome: EmailOutcome) => void = () => {}
): Mail {
  const stored: EmailMessage[] = []
  const { SMTP_URL: url, EMAIL_FROM } = config
  const from = parseMailbox(EMAIL_FROM) as Mailbox
  const smtp =
    url === undefined
      ? undefined
      : createSmtp({ url: new URL(url), from, log, retryAfterMs, recordOutcome })
  return {
    isEnabled: config.EMAIL_ENABLED,
    send(message) {
      if (!config.EMAIL_ENABLED) {
        return
      }
      if (!BARE_EMAIL.test(message.to)) {
        log.error({ event: 'mail.rejected' }, 'not a bare email address')
        return
      }
      if (!config.isProduction) {
        stored.unshift(message)
        stored.length = Math.min(stored.length, MAX_STORED)
      }
      if (smtp) {
        smtp.send(message)
      } else {
        log.info({ event: 'mail.stored', subject: message.subject, text: message.text }, 'mail')
      }
    },
    sentMessages: () => [...stored],
    close: async () => {
      await smtp?.close()
    }
  }
}

interface SmtpOptions {
  url: URL
  from: Mailbox
  log: Log
  retryAfterMs: readonly number[]
  recordOutcome: (outcome: EmailOutcome) => void
}
type SendOnce = (message: EmailMessage) => Promise<void>

function createSmtp(options: SmtpOptions) {
  const { url, from, log, recordOutcome } = options
  // Created for the first message, so that a start does not wait for it.
  let transport: Promise<Transporter> | undefined
  const inFlight = new Set<Promise<void>>()
  const sendOnce: SendOnce = async (message) => {
    transport ??= createTransport(url.href)
    await (await transport).sendMail({ ...message, from, to: { name: '', address: message.to } })
  }
  return {
    send(message: EmailMessage) {
      if (inFlight.size >= MAX_IN_FLIGHT) {
        log.error({ event: 'mail.dropped', subject: message.subject }, 'too many emails in flight')
        recordOutcome('dropped')
        return
      }
      const work = sendWithRetries(message, sendOnce, options)
        .then(recordOutcome)
        .finally(() => inFlight.delete(work))
      inFlight.add(work)
    },
    async close() {
      // What a transaction has just committed is sent in the next turn.
      await turn()
      await Promise.race([Promise.all(inFlight), pause(CLOSE_MS, undefined, { ref: false })])
      ;(await transport)?.close()
    }
  }
}

async function createTransport(url: string): Promise<Transporter> {
  const nodemailer = await import('nodemailer')
  return nodemailer.createTransport({
    url,
    pool: true,
    maxConnections: CONNECTIONS,
    ...TIMEOUTS,
    disableFileAccess: true,
    disableUrlAccess: true
  })
}

/** Sends a message. Neither recipient nor text is logged: the log of production must not become a second mailbox. */
async function sendWithRetries(
  message: EmailMessage,
  sendOnce: SendOnce,
  { url, log, retryAfterMs }: SmtpOptions
): Promise<EmailOutcome> {
  const { subject } = message
  for (let tries = 1; ; tries++) {
    try {
      await sendOnce(message)
      log.info({ event: 'mail.sent', subject, tries }, 'mail')
      return 'sent'
    } catch (error) {
      const retryMs = retryAfterMs[tries - 1]
      const { code, responseCode } = error as SmtpError
      const host = url.host
      const reason = reasonOf(error as SmtpError, url)
      const details = { subject, tries, host, code, response: responseCode, reason }
      if (retryMs === undefined || isPermanent(responseCode)) {
        log.error({ event: 'mail.given_up', ...details }, 'mail')
        return 'failed'
      }
      log.warn({ event: 'mail.failed', ...details }, 'mail')
      await pause(retryMs)
    }
  }
}
