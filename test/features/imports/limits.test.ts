import t from 'tap'
import { IMPORTS, upload } from '../../support/imports.ts'
import { createTestApp } from '../../support/test-app.ts'

t.test(
  'imports have their own rate limit; rejected files count, reading imports does not',
  async (t) => {
    const { signUp } = await createTestApp(t, {
      env: { RATE_LIMIT: 'on', RATE_LIMIT_IMPORTS: '3' }
    })
    const [ann, bob] = [await signUp(), await signUp()]
    for (const file of ['title\nx\n', 'name\nx\n', 'title\nx\n']) {
      t.not((await upload(ann, file)).statusCode, 429)
    }
    const rejected = await upload(ann, 'title\nx\n')
    t.match(rejected, { statusCode: 429, headers: { ratelimit: /r=0/ } })
    t.ok(Number(rejected.headers['retry-after']) > 0)
    t.equal((await ann.get(IMPORTS)).json().data.length, 2)
    t.equal((await ann.post('/api/v1/tasks', { title: 'Something else' })).statusCode, 201)
    t.equal((await upload(bob, 'title\nx\n')).statusCode, 202)
  }
)
