import { spawn } from 'node:child_process'
import { once } from 'node:events'
import t from 'tap'
import { openDatabase } from '../../src/db/client.ts'

for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
  t.test(
    `the server ends with the npm that started it, also by ${signal}, and leaves the data directory free`,
    async (t) => {
      const dataDir = t.testdir()
      const npm = spawn('npm', ['start'], {
        env: { ...process.env, NODE_ENV: '', DATABASE_URL: '', PORT: '0', DATA_DIR: dataDir },
        stdio: ['ignore', 'pipe', 'inherit']
      })
      t.teardown(() => npm.kill('SIGKILL'))
      // The pipe is closed when the last process that holds it has gone: the server, not npm.
      const closed = once(npm, 'close')
      let text = ''
      await new Promise<void>((resolve) => {
        npm.stdout.setEncoding('utf8').on('data', (chunk) => {
          text += chunk
          if (text.includes('is ready')) {
            resolve()
          }
        })
      })
      npm.kill(signal)
      await closed
      await (await openDatabase({ dataDir, pool: 2 })).close()
      t.match(text, /"reason":"npm has ended"/)
    }
  )
}
