import t from 'tap'
import { createDeadlines } from '../../src/lib/deadlines.ts'
import { waitUntil } from '../support/wait-until.ts'

t.test('an item passes its deadline once, unless it is over or deleted before', async (t) => {
  const passed: string[] = []
  const asked: string[] = []
  const deadlines = createDeadlines<string>({
    isOver: (item) => {
      asked.push(item)
      return item.startsWith('over')
    },
    onPassed: (item) => passed.push(item)
  })
  t.teardown(() => deadlines.stop())
  deadlines.set('over at once', 0)
  deadlines.set('over long before its deadline', 86_400_000)
  deadlines.set('deleted', 0)
  deadlines.set('late', 0)
  deadlines.set('later', 400)
  deadlines.delete('deleted')
  await waitUntil('the last deadline', () => passed.includes('later'))
  t.strictSame(passed, ['late', 'later'])
  const times = (item: string) => asked.filter((it) => it === item).length
  t.equal(times('over at once'), 1)
  t.equal(times('over long before its deadline'), 1, 'what is over is forgotten')
  t.ok(times('later') > 1)
})
