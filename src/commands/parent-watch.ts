import { readFileSync } from 'node:fs'

const PROBE_MS = 250
/** Read before anything else is done: npm may have ended while the server was still starting. */
const STARTED_BY = ancestors()

/**
 * Calls `onExit` when the npm that started this process has ended. npm passes signals to the shell in which it runs a
 * script, but many shells (such as dash) do not pass them on, and a `kill -9` is passed to nobody: the server would
 * stay behind and keep the port and the data directory.
 */
export function exitWithParent(onExit: () => void): void {
  if (process.env.npm_lifecycle_event === undefined) {
    return
  }
  setInterval(() => {
    if (ancestors() !== STARTED_BY) {
      onExit()
    }
  }, PROBE_MS).unref()
}

/** Returns the id of our parent and, if that is a shell between npm and us, the id of npm (on Linux only). */
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
