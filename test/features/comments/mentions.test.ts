import t from 'tap'
import { comment, commentsUrl, editComment, readComment } from '../../support/comments.ts'
import { projectWith, putMember, removeMember } from '../../support/projects.ts'
import { createTestApp, PASSWORD, type Person } from '../../support/test-app.ts'

const { signUp } = await createTestApp(t, { env: { DIRECTORY: 'all' } })
const [ann, bob, kim, outsider] = [
  await signUp('user', 'ann'),
  await signUp('user', 'Bob.B'),
  await signUp('user', 'kim'),
  await signUp('user', 'outsider')
]
const nobody = await signUp('user', 'null')
const [boss, root] = [await signUp('manager', 'boss'), await signUp('admin', 'root')]
const names = new Map([ann, bob, kim, outsider, nobody, boss, root].map((it) => [it.user.id, it]))
const project = await projectWith(ann, { editor: bob, viewer: kim })
await putMember(ann, project, nobody, 'viewer')
const shared = await ann.create({ title: 'x', project_id: project.id })

const mentionedIn = async (text: string, task = shared, by = ann): Promise<unknown[]> =>
  (await comment(by, task, text)).mentions.map((id) => names.get(id)?.user.username)

t.test('a mention is a person who can see the task, whatever the case of their name', async (t) => {
  t.strictSame(
    await mentionedIn('@KIM and @bob.b, ask @boss, @root or @ann; not @outsider, @ghost'),
    ['kim', 'Bob.B', 'boss', 'root', 'ann']
  )
  const personal = await ann.create({ title: 'x', assignee_id: kim.user.id })
  t.strictSame(await mentionedIn('@bob.b @kim @ann @boss', personal), ['kim', 'ann', 'boss'])
  t.strictSame(await mentionedIn('@ann', personal, kim), ['ann'])
  t.strictSame(await mentionedIn('@null'), ['null'])
})

t.test('people are mentioned once, in the order in which they first occur', async (t) => {
  t.strictSame(await mentionedIn('@kim @ann @Kim @bob.b @ann'), ['kim', 'ann', 'Bob.B'])
})

/** A text → whom it mentions. */
const TEXTS: [text: string, mentioned: string[]][] = [
  ['no names', []],
  ['mail kim@ann.org or ann@kim, x.y+z@kim, a_@kim', []],
  ['@kim@example.com is another service', []],
  ['https://example.com/@kim?to=@ann and http://@bob.b', []],
  ['@kimber @kim-x @kimé é@kim', []],
  ['@@kim @ kim @', []],
  ['@kim.', ['kim']],
  ['@kim... @ann--', ['kim', 'ann']],
  ['(@kim), [@ann] “@bob.b”', ['kim', 'ann', 'Bob.B']],
  ['**@kim** _@ann_ > @bob.b', ['kim', 'ann', 'Bob.B']],
  ["@kim's, @ann/@bob.b", ['kim', 'ann', 'Bob.B']],
  ['cc:@kim\n@ann\r\n\t@bob.b', ['kim', 'ann', 'Bob.B']],
  [`@${'k'.repeat(65)} @${'.'.repeat(64)} @kim`, ['kim']]
]
for (const [text, mentioned] of TEXTS) {
  t.test(
    `${JSON.stringify(text).slice(0, 60)} mentions ${mentioned.join(', ') || 'nobody'}`,
    async (t) => {
      t.strictSame(await mentionedIn(text), mentioned)
    }
  )
}

t.test('a name that ends in a punctuation mark is found before the shorter one', async (t) => {
  const dotted = await signUp('user', 'kim.')
  names.set(dotted.user.id, dotted)
  await putMember(ann, project, dotted, 'viewer')
  t.strictSame(await mentionedIn('@kim. @kim.. @kim'), ['kim.', 'kim'])
})

t.test('an edit finds anew whom the text mentions', async (t) => {
  const guest = await signUp('user', 'guest')
  await putMember(ann, project, guest, 'viewer')
  const first = await comment(ann, shared, '@guest @kim')
  t.strictSame(first.mentions, [guest.user.id, kim.user.id])
  await removeMember(ann, project, guest)
  t.strictSame((await readComment(ann, first)).json().mentions, first.mentions, 'it stays')
  t.strictSame((await editComment(ann, first, '@guest @kim')).json().mentions, first.mentions)
  const edited = await editComment(ann, first, '@bob.b @guest @kim')
  t.strictSame(edited.json().mentions, [bob.user.id, kim.user.id])
})

t.test('disabled and deleted accounts are mentioned by nobody', async (t) => {
  const [off, gone] = [await signUp('user', 'off'), await signUp('user', 'gone')]
  await putMember(ann, project, off, 'viewer')
  await putMember(ann, project, gone, 'viewer')
  const url = `/api/v1/admin/users/${off.user.id}`
  await root.send({ method: 'PATCH', url, payload: { disabled: true } })
  await gone.send({ method: 'DELETE', url: '/api/v1/me', payload: { password: PASSWORD } })
  t.strictSame(await mentionedIn('@off @gone @kim'), ['kim'])
})

t.test('fifty people are mentioned at most, also where many other names stand', async (t) => {
  const crowd: Person[] = []
  for (let i = 0; i < 52; i++) {
    const one = await signUp('user', `c${i}`)
    await putMember(ann, project, one, 'viewer')
    crowd.push(one)
  }
  const all = crowd.map(({ user }) => `@${user.username}`).join(' ')
  const { mentions } = await comment(ann, shared, all)
  t.strictSame(
    mentions,
    crowd.slice(0, 50).map(({ user }) => user.id)
  )
  const many = Array.from({ length: 2400 }, (_, i) => `@${i.toString(36)}x`).join(' ')
  t.strictSame(await mentionedIn(`@kim ${many.slice(0, 9990)}`), ['kim'])
  t.equal((await ann.get(commentsUrl(shared))).statusCode, 200)
})

t.test('mentions do not tell who the managers are', async (t) => {
  const other = await createTestApp(t)
  const [eve, chief] = [await other.signUp(), await other.signUp('manager', 'chief')]
  const task = await eve.create({ title: 'x' })
  t.strictSame((await comment(eve, task, '@chief @ghost')).mentions, [])
  t.strictSame((await comment(chief, task, '@chief')).mentions, [chief.user.id])
})
