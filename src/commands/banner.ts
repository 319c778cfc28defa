import type { Config } from '../config.ts'
import { VERSION } from '../http/plugins/openapi.ts'
import { isLoopback } from '../lib/ip.ts'
import { hostInUrl } from '../lib/origin.ts'

interface Start {
  host: string
  port: number
  startMs: number
  /** Whether there is an account already. */
  hasUsers: boolean
}

/** Prints where the server is and what to do first. */
export function printBanner(config: Config, { host, port, startMs, hasUsers }: Start): void {
  const ownOrigin = `http://${hostInUrl(host)}:${port}`
  const origin = config.PUBLIC_URL ?? ownOrigin
  // Emails are shown to this machine only, under a name of its own.
  const areEmailsShown =
    config.EMAIL_ENABLED && config.SMTP_URL === undefined && isLoopback(hostInUrl(host))
  const links = [
    config.CONSOLE_ENABLED && `App    ${origin}/app/`,
    `API    ${origin}/api/v1`,
    config.DOCS_ENABLED && `Docs   ${origin}/docs      (Authorize takes username and password)`,
    areEmailsShown && `Mails  ${ownOrigin}/dev/mails  (emails that would have been sent)`
  ]
  const lines = links.filter((link) => link !== false).map((link) => `    ${link}`)
  process.stdout.write(`
  Tasklane ${VERSION} is ready after ${(startMs / 1000).toFixed(1)} s, on ${describe(config)}.

${lines.join('\n')}

${hasUsers ? howToLogIn(origin) : howToBegin(origin, config)}

`)
}

/** The name is in no document: their commands work after this one. */
const howToBegin = (
  origin: string,
  { REGISTRATION, FIRST_USER_ADMIN, DATABASE_URL }: Config
): string =>
  REGISTRATION === 'open'
    ? `\
    Your first account${FIRST_USER_ADMIN ? ' (it becomes admin)' : ''}:
    curl -X POST ${origin}/api/v1/auth/register -H 'Content-Type: application/json' \\
      -d '{"username": "me", "password": "a long passphrase"}'`
    : `\
    Your first account, an admin${DATABASE_URL === undefined ? ' (stop this server first)' : ''}:
    npm run create-admin -- --username me`

const howToLogIn = (origin: string): string => `\
    A token for your account:
    curl -X POST ${origin}/api/v1/auth/login -H 'Content-Type: application/json' \\
      -d '{"username": "…", "password": "…"}'`

function describe({ DATABASE_URL, DATA_DIR, WEB_CONCURRENCY }: Config): string {
  const database =
    DATABASE_URL === undefined ? `the embedded database in ${DATA_DIR}` : 'PostgreSQL'
  return WEB_CONCURRENCY > 1 ? `${database}, in ${WEB_CONCURRENCY} processes` : database
}
