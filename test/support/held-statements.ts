import type { SQL } from 'drizzle-orm'
import { PgDialect } from 'drizzle-orm/pg-core'
import type { Db } from '../../src/db/client.ts'

/** The first answer to a statement that contains some texts, which is kept back. */
export interface HeldAnswer {
  /** Settles when the database has answered. */
  answered: Promise<void>
  /** Lets the application have it. */
  release: () => void
}

interface Hold {
  texts: string[]
  hasAnswered: () => void
  released: Promise<void>
}

const dialect = new PgDialect()

/**
 * Passes statements on unchanged, beside the application, and keeps answers back on demand: as a database does that
 * answers late.
 */
export function holdingAnswers(db: Db): { db: Db; hold: (...texts: string[]) => HeldAnswer } {
  const holds = new Set<Hold>()
  const findHold = (statement: SQL): Hold | undefined => {
    const { sql, params } = dialect.sqlToQuery(statement)
    const all = [sql, ...params.map(String)].join('\n')
    return [...holds].find(({ texts }) => texts.every((text) => all.includes(text)))
  }
  const execute = async (statement: SQL) => {
    const held = findHold(statement)
    if (held) {
      holds.delete(held)
    }
    const answer = await db.execute(statement)
    held?.hasAnswered()
    await held?.released
    return answer
  }
  const proxy = new Proxy(db, {
    get: (target, key) => (key === 'execute' ? execute : Reflect.get(target, key))
  })
  return {
    db: proxy,
    hold: (...texts) => {
      const answered = Promise.withResolvers<void>()
      const released = Promise.withResolvers<void>()
      holds.add({ texts, hasAnswered: answered.resolve, released: released.promise })
      return { answered: answered.promise, release: released.resolve }
    }
  }
}
