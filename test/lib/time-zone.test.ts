import t from 'tap'
import { findTimeZone, firstMomentAt, momentOf, type TimeZone } from '../../src/lib/time-zone.ts'

const zone = (name: string) => findTimeZone(name) as TimeZone
const iso = (at: number) => new Date(at).toISOString()

t.test(
  'days follow each other without gap or overlap where clocks change in odd ways',
  async (t) => {
    const faults: string[] = []
    const zones = [
      'Pacific/Apia',
      'Pacific/Kwajalein',
      'America/St_Johns',
      'America/Havana',
      'America/Asuncion',
      'Africa/Cairo',
      'Africa/Casablanca',
      'Asia/Beirut',
      'Asia/Tehran',
      'Antarctica/Troll',
      'Australia/Lord_Howe',
      'Europe/Dublin'
    ].map(zone)
    // The years in which Samoa skipped a day, Kwajalein another one, and Newfoundland changed at one past midnight.
    for (const year of [1993, 2010, 2011, 2026]) {
      for (const { name, offsetMs } of zones) {
        const shows = (at: number) => at + offsetMs(at)
        for (let day = Date.UTC(year, 0, 1); day < Date.UTC(year + 1, 0, 1); day += 86_400_000) {
          const first = firstMomentAt(day, zone(name))
          if (shows(first) < day || shows(first - 1) >= day) {
            faults.push(`${name} ${iso(day)} ${iso(first)}`)
          }
        }
      }
    }
    t.strictSame(faults, [])
  }
)

t.test(
  'a skipped time is as much later as the clocks jump, and of two times the first counts',
  async (t) => {
    const cases: [name: string, local: string, moment: string][] = [
      ['Europe/Berlin', '2026-03-29T01:59', '2026-03-29T00:59:00.000Z'],
      ['Europe/Berlin', '2026-03-29T02:30', '2026-03-29T01:30:00.000Z'],
      ['Europe/Berlin', '2026-03-29T03:00', '2026-03-29T01:00:00.000Z'],
      ['Europe/Berlin', '2026-10-25T02:30', '2026-10-25T00:30:00.000Z'],
      ['Europe/Berlin', '2026-10-25T03:00', '2026-10-25T02:00:00.000Z'],
      ['Australia/Lord_Howe', '2026-10-04T02:15', '2026-10-03T15:45:00.000Z'],
      ['Pacific/Apia', '2011-12-30T12:00', '2011-12-30T22:00:00.000Z'],
      ['Asia/Kathmandu', '2026-01-01T00:00', '2025-12-31T18:15:00.000Z'],
      ['UTC', '2026-01-01T00:00', '2026-01-01T00:00:00.000Z']
    ]
    for (const [name, local, moment] of cases) {
      t.equal(iso(momentOf(Date.parse(`${local}Z`), zone(name))), moment, `${name} ${local}`)
    }
  }
)

t.test('a zone is known by its name in any case, and by no other text', async (t) => {
  t.equal(findTimeZone('europe/berlin')?.name, 'Europe/Berlin')
  for (const name of ['', 'Berlin', '+02:00', 'constructor', 'Europe/Berlin ', 'Local']) {
    t.equal(findTimeZone(name), undefined, name)
  }
})
