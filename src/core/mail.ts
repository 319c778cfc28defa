import { setTimeout as pause } from 'node:timers/promises'
import type { Transporter } from 'nodemailer'
import type { Config } from '../config.ts'

/** A letter to one person, in both of its forms. */
export interface EmailMessage {
  to: string
  subject: string
  text: string
  html: string
}

/** Where letters go. Nothing here is ever stored: a letter may carry a code, and a code is never at rest in clear. */
export interface Mail {
  /** False with `EMAIL_ENABLED=off`: no letter will ever arrive, so nothing may wait for one. */
  isEnabled: boolean
  /** Takes a letter and returns at once; it leaves afterwards, from memory, with a few quick retries. Never throws. */
  send(letter: EmailMessage): void
  /** The letters of late, newest first; outside production only. */
  sentMessages(): EmailMessage[]
  /** Waits a little for the letters that are under way, then lets go of them. */
  close(): Promise<void>
}

type MailConfig = Pick<Config, 'isProduction' | 'EMAIL_ENABLED' | 'SMTP_URL' | 'EMAIL_FROM'>
type Log = Record<'info' | 'warn' | 'error', (fields: object, text: string) => void>

const KEPT = 100
/** Letters that may be under way at once; what comes on top is dropped, since its reader can ask again. */
const MAX_IN_FLIGHT = 1000
const CONNECTIONS = 2
const TIMEOUTS = {
  connectionTimeout: 5000,
  greetingTimeout: 5000,
  socketTimeout: 10_000,
  dnsTimeout: 5000
}
/** Well below the time in which a leaving process must be gone. */
const CLOSE_MS = 3000
const RETRY_AFTER_MS = [500, 2000, 5000]
/** One bare address: nothing that could be read as a second one, as a name, or as another header. */
const ADDRESS = /^[^\s<>,;:"()[\]\\@]+@[^\s<>,;:"()[\]\\@]+$/

/** Delivers by SMTP when `SMTP_URL` is set; outside production letters are also kept and, without `SMTP_URL`, written to the log. */
export function createMail(
  config: MailConfig,
  log: Log,
  retryAfterMs: readonly number[] = RETRY_AFTER_MS
): Mail {
  const sentMessages: EmailMessage[] = []
  const keeps = !config.isProduction
  const deliver =
    config.SMTP_URL === undefined
      ? undefined
      : smtp(config.SMTP_URL, config.EMAIL_FROM, log, retryAfterMs)

  return {
    isEnabled: config.EMAIL_ENABLED,
    send(letter) {
      if (!config.EMAIL_ENABLED) {
        return
      }
      if (!ADDRESS.test(letter.to)) {
        log.error({ event: 'mail.refused' }, 'not a bare address')
        return
      }
      if (keeps) {
        sentMessages.unshift(letter)
        sentMessages.length = Math.min(sentMessages.length, KEPT)
      }
      if (deliver) {
        deliver.send(letter)
      } else {
        log.info({ event: 'mail.kept', subject: letter.subject, text: letter.text }, 'mail')
      }
    },
    sentMessages: () => [...sentMessages],
    close: async () => {
      await deliver?.close()
    }
  }
}

function smtp(url: string, from: string, log: Log, retryAfterMs: readonly number[]) {
  // Made for the first letter: no start waits for it.
  let transport: Promise<Transporter> | undefined
  const makeTransport = async (): Promise<Transporter> => {
    const { createTransport } = await import('nodemailer')
    return createTransport({
      url,
      pool: true,
      maxConnections: CONNECTIONS,
      ...TIMEOUTS,
      disableFileAccess: true,
      disableUrlAccess: true
    })
  }
  const underWay = new Set<Promise<void>>()

  /** Neither the address nor the text is logged: the log of production must not become a second mailbox. */
  const attempt = async (letter: EmailMessage): Promise<void> => {
    for (let tries = 1; ; tries++) {
      try {
        transport ??= makeTransport()
        await (await transport).sendMail({ from, ...letter, to: { name: '', address: letter.to } })
        log.info({ event: 'mail.sent', subject: letter.subject, tries }, 'mail')
        return
      } catch (error) {
        const retryMs = retryAfterMs[tries - 1]
        const { code, responseCode } = error as { code?: string; responseCode?: number }
        const facts = { subject: letter.subject, tries, code, response: responseCode }
        if (retryMs === undefined || isPermanent(responseCode)) {
          log.error({ event: 'mail.given_up', ...facts }, 'mail')
          return
        }
        log.warn({ event: 'mail.failed', ...facts }, 'mail')
        await pause(retryMs)
      }
    }
  }

  return {
    send(letter: EmailMessage) {
      if (underWay.size >= MAX_IN_FLIGHT) {
        log.error({ event: 'mail.dropped', subject: letter.subject }, 'too many letters under way')
        return
      }
      const work = attempt(letter).finally(() => underWay.delete(work))
      underWay.add(work)
    },
    async close() {
      await Promise.race([Promise.all(underWay), pause(CLOSE_MS, undefined, { ref: false })])
      ;(await transport)?.close()
    }
  }
}

/** A reply of 5xx will not change by asking again (RFC 5321, section 4.2.1); 503 is about the connection, not the letter. */
const isPermanent = (responseCode: number | undefined): boolean =>
  responseCode !== undefined && responseCode >= 500 && responseCode !== 503
