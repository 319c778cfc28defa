import t from 'tap'
import { Follower } from '../../../src/features/changes/follower.ts'

const FIRST = '00000000-0000-0000-0000-000000000000'

/** A stream of somebody who was at a position at a time, and how its cursors are told. */
function following(position: string, time: number) {
  const follower = new Follower({
    ctx: {} as never,
    place: { position, id: FIRST, time },
    filter: {},
    encode: (place) => `${place.position} as of ${place.time}`
  })
  const lastId = async () => {
    await follower.beat(0)
    return /id: (.*)\n\n$/.exec(String(follower.body.read()))?.[1]
  }
  return { follower, lastId }
}

t.test('a quiet stream says that everything until now was read, and no other does', async (t) => {
  const { follower, lastId } = following('5', 1000)
  follower.noteHorizon('5', 2000)
  t.equal(await lastId(), '5 as of 2000')
  follower.noteHorizon('6', 3000)
  t.equal(await lastId(), '5 as of 2000', 'something may be between both')
  follower.skipTo('6', 3000)
  t.equal(await lastId(), '6 as of 3000')
  follower.skipTo('4', 4000)
  t.equal(await lastId(), '6 as of 3000')
})
