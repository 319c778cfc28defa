import type { Tx } from '../../db/transaction.ts'
import type { CommentedTask } from '../tasks/service.ts'
import { listViewers } from './queries.ts'
import { MAX_MENTIONS } from './schema.ts'

/** Names that are looked up for one text. */
const MAX_NAMES = 1000
const WEB_ADDRESS = /\b(?:https?|ftp):\/\/\S+/gi
/** Not within `a@b.c` and `@a@b.c`, nor a beginning of a longer word. */
const MENTION = /(?<![\p{L}\p{N}][._%+-]{0,8}|@)@([A-Za-z0-9._-]{1,64})(?![\p{L}\p{M}\p{N}._@-])/gu

/**
 * Returns whom a text mentions, in the order in which they first occur: those who can see the task. Managers, who see
 * every task, count where the author finds them by name: mentions tell nobody who they are. A name may end in a
 * punctuation mark; it is part of the name if there is such a user.
 */
export async function mentionsIn(
  tx: Tx,
  task: CommentedTask,
  text: string,
  visibleAmong: (ids: string[]) => Promise<Set<string>>
): Promise<string[]> {
  const mentioned = namesIn(text)
  if (mentioned.length === 0) {
    return []
  }
  const viewers = await listViewers(tx, task, [...new Set(mentioned.flat())])
  const managers = viewers.filter(({ is_concerned }) => !is_concerned).map(({ id }) => id)
  const known = managers.length === 0 ? new Set() : await visibleAmong(managers)
  const ids = new Map(
    viewers
      .filter(({ id, is_concerned }) => is_concerned || known.has(id))
      .map(({ name, id }) => [name, id])
  )
  const found = mentioned.flatMap((names) => names.map((name) => ids.get(name)).find(Boolean) ?? [])
  return [...new Set(found)].slice(0, MAX_MENTIONS)
}

/** Returns what each mention may name, the longest first. */
function namesIn(text: string): string[][] {
  const mentioned: string[][] = []
  const seen = new Set<string>()
  for (const [, name = ''] of text.replace(WEB_ADDRESS, ' ').matchAll(MENTION)) {
    const names = spellingsOf(name.toLowerCase())
    for (const spelling of names) {
      seen.add(spelling)
    }
    if (seen.size > MAX_NAMES) {
      break
    }
    mentioned.push(names)
  }
  return mentioned
}

/** `ann.` may be a name, or `ann` at the end of a sentence. */
function spellingsOf(name: string): string[] {
  const shortest = name.replace(/[._-]+$/, '').length
  return Array.from({ length: name.length - Math.max(shortest, 1) + 1 }, (_, i) =>
    name.slice(0, name.length - i)
  )
}
