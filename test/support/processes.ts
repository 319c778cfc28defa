import { readFileSync } from 'node:fs'
import type { Server } from './command.ts'

/** The processes that a process has started and that still run; known on Linux alone. */
export const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .trim()
    .split(' ')
    .filter(Boolean)
    .map(Number)

/** The processes that serve under a server with `WEB_CONCURRENCY`. */
export const processesOf = ({ child }: Pick<Server, 'child'>): number[] =>
  childrenOf(child.pid as number)
