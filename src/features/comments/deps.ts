import type { Config } from '../../config.ts'
import type { Db } from '../../db/client.ts'
import type { StorageQuota } from '../tasks/service.ts'

/** More than anybody reads; what is deleted makes room. */
export const MAX_COMMENTS = 1000

export interface CommentDeps {
  db: Db
  config: Pick<Config, 'DIRECTORY'>
  storage: StorageQuota
}
