import t, { type Test } from 'tap'
import { act, createWorld } from '../../support/histories.ts'
import { createMirror, listAll, type Mirror, type Seen } from '../../support/mirror.ts'
import { pick, type Random, seeded } from '../../support/random.ts'
import { createTestApp, type Person } from '../../support/test-app.ts'

/** How many histories are tried, from which seed on; a thousand find more than a few. */
const { HISTORIES = '3', HISTORY_SEED = '1' } = process.env
const STEPS = 50
const PEOPLE = 4

const { signUp } = await createTestApp(t, { env: { DIRECTORY: 'all' } })

/** What is seen, in one order, with the number of comments as it is seen. */
function inOrder({ tasks, projects, members, comments }: Seen) {
  const sorted = <T>(map: Map<string, T>) => Object.fromEntries([...map].sort())
  const countOf = (id: string) => [...comments.values()].filter((it) => it.task_id === id).length
  return {
    tasks: sorted(
      new Map([...tasks].map(([id, task]) => [id, { ...task, comment_count: countOf(id) }]))
    ),
    projects: sorted(projects),
    members: sorted(members),
    comments: sorted(comments)
  }
}

/** Lets people do things at random, some of them at the same time, while followers look now and then. */
async function run(random: Random): Promise<Mirror[]> {
  const people: Person[] = []
  for (let i = 0; i < PEOPLE; i++) {
    people.push(await signUp())
  }
  const mirrors = await Promise.all(people.map(createMirror))
  const world = await createWorld(people, random)
  const poll = () => pick(random, mirrors).poll(pick(random, [1, 2, 5, 100]))
  for (let step = 0; step < STEPS; step++) {
    const acts = Array.from({ length: pick(random, [1, 1, 2, 3]) }, () => act(world, random))
    await Promise.all(random() < 0.2 ? [...acts, poll()] : acts)
    if (random() < 0.3) {
      await poll()
    }
    if (random() < 0.05) {
      // Another one that begins where much is there already.
      mirrors.push(await createMirror(pick(random, people)))
    }
  }
  return mirrors
}

async function check(t: Test, { who, seen, faults }: Mirror): Promise<void> {
  t.strictSame(faults(), [])
  t.strictSame(inOrder(seen), inOrder(await listAll(who)))
}

for (let i = 0; i < Number(HISTORIES); i++) {
  const seed = Number(HISTORY_SEED) + i
  t.test(`whoever follows the feed has what the lists show, history ${seed}`, async (t) => {
    const mirrors = await run(seeded(seed))
    for (const mirror of mirrors) {
      await mirror.catchUp()
    }
    for (const mirror of mirrors) {
      await mirror.catchUp()
      await check(t, mirror)
    }
  })
}
