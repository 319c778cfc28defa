import { readFileSync } from 'node:fs'

const PROBE_MS = 250
/** Looked up before anything else is done: npm may have gone again while the server was still starting. */
const STARTED_BY = ancestors()

/**
 * Calls `leave` when the npm that started us has gone. npm passes a signal on to the shell in which it runs a script,
 * but many shells (Debian's dash) keep it to themselves, and after `kill -9` nobody is told at all: a server would be
 * left behind that holds the port and the data directory.
 */
export function exitWithParent(leave: () => void): void {
  if (process.env.npm_lifecycle_event === undefined) {
    return
  }
  setInterval(() => {
    if (ancestors() !== STARTED_BY) {
      leave()
    }
  }, PROBE_MS).unref()
}

/** Our parent and, where it is a shell that stands between npm and us, npm behind it (known on Linux alone). */
function ancestors(): string {
  const { ppid } = process
  try {
    const [, name = '', parent = ''] =
      /^\d+ \((.*)\) \w (\d+) /.exec(readFileSync(`/proc/${ppid}/stat`, 'utf8')) ?? []
    return /^(sh|dash|ash|bash|busybox|zsh|ksh)$/.test(name) ? `${ppid} ${parent}` : `${ppid}`
  } catch {
    return `${ppid}`
  }
}
