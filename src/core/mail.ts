import { setTimeout as pause } from 'node:timers/promises'
import type { Transporter } from 'nodemailer'
import { type Config, isProduction } from '../config.ts'

/** A letter to one person, in both of its forms. */
export interface Letter {
  to: string
  subject: string
  text: string
  html: string
}

/** Where letters go. Nothing here is ever stored: a letter may carry a code, and a code is never at rest in clear. */
export interface Mail {
  /** False with `MAILER=off`: no letter will ever arrive, so nothing may wait for one. */
  exists: boolean
  /** Takes a letter and returns at once; it leaves afterwards, from memory, with a few quick retries. Never throws. */
  send(letter: Letter): void
  /** The letters of late, newest first; outside production only. */
  kept(): Letter[]
  /** Waits a little for the letters that are under way, then lets go of them. */
  close(): Promise<void>
}

type MailConfig = Pick<Config, 'NODE_ENV' | 'MAILER' | 'MAIL_URL' | 'MAIL_FROM'>
type Log = Record<'info' | 'warn' | 'error', (fields: object, text: string) => void>

const KEPT = 100
/** Letters that may be under way at once; what comes on top is dropped, since its reader can ask again. */
const MAX_UNDER_WAY = 1000
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

/** Delivers by SMTP when `MAIL_URL` is set; outside production letters are also kept and, without `MAIL_URL`, written to the log. */
export function createMail(
  config: MailConfig,
  log: Log,
  retryAfterMs: readonly number[] = RETRY_AFTER_MS
): Mail {
  const kept: Letter[] = []
  const keeps = !isProduction(config)
  const deliver =
    config.MAIL_URL === undefined
      ? undefined
      : smtp(config.MAIL_URL, config.MAIL_FROM, log, retryAfterMs)

  return {
    exists: config.MAILER === 'on',
    send(letter) {
      if (config.MAILER === 'off') {
        return
      }
      if (!ADDRESS.test(letter.to)) {
        log.error({ event: 'mail.refused' }, 'not a bare address')
        return
      }
      if (keeps) {
        kept.unshift(letter)
        kept.length = Math.min(kept.length, KEPT)
      }
      if (deliver) {
        deliver.send(letter)
      } else {
        log.info({ event: 'mail.kept', subject: letter.subject, text: letter.text }, 'mail')
      }
    },
    kept: () => [...kept],
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
  const attempt = async (letter: Letter): Promise<void> => {
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
        if (retryMs === undefined || isFinal(responseCode)) {
          log.error({ event: 'mail.given_up', ...facts }, 'mail')
          return
        }
        log.warn({ event: 'mail.failed', ...facts }, 'mail')
        await pause(retryMs)
      }
    }
  }

  return {
    send(letter: Letter) {
      if (underWay.size >= MAX_UNDER_WAY) {
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
const isFinal = (responseCode: number | undefined): boolean =>
  responseCode !== undefined && responseCode >= 500 && responseCode !== 503
