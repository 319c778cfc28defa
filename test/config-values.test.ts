import t from 'tap'
import { readConfig } from '../src/config.ts'
import { VALID_PRODUCTION as PRODUCTION } from './support/config-faults.ts'

t.test('blanks and line ends around a setting do not count, but for secrets', async (t) => {
  const url = 'postgres://app@db/x'
  t.match(
    readConfig({
      DATABASE_URL: `${url}\n`,
      PORT: '8080\r',
      LOG_LEVEL: ' warn\r\n',
      EMAIL_FROM: 'A <a@b> '
    }),
    { DATABASE_URL: url, PORT: 8080, LOG_LEVEL: 'warn', EMAIL_FROM: 'A <a@b>' }
  )
  t.match(readConfig({ RATE_LIMIT: 'off\r', JWT_SECRET: ` ${PRODUCTION.JWT_SECRET}\n` }), {
    RATE_LIMIT: false,
    JWT_SECRET: ` ${PRODUCTION.JWT_SECRET}\n`
  })
})

t.test('apps and browser extensions can be among the origins that may call', async (t) => {
  const origins =
    'https://app.example.com, capacitor://localhost, tauri://localhost, app://tasks, ' +
    'com.example.tasks://localhost/, vscode-webview://0a1b, wails://wails.localhost:34115, ' +
    'safari-web-extension://2F0E1B6E-6F9C-4F6E-8A53-0F7A2E5FF0AB, ' +
    'chrome-extension://abcdefghijklmnopabcdefghijklmnop'
  t.equal(readConfig({ CORS_ORIGINS: origins }).CORS_ORIGINS, origins)
})
