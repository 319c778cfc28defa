import { CommandError } from './command-error.ts'

const LAST_PORT = 65_535

interface Address {
  /** The names of the settings that say where to listen. */
  settings: readonly [host: string, port: string]
  host: string
  port: number
}

/** Returns what keeps a server from listening, and what to set, as an error that the operator can fix. */
export function listenError(error: unknown, { settings, host, port }: Address): unknown {
  const [hostName, portName] = settings
  const reasons: Record<string, string> = {
    EADDRINUSE:
      `Port ${port} is already in use on ${host}. Stop what listens there, perhaps another Tasklane, ` +
      `or set ${portName} to a free port, such as ${portName}=${port < LAST_PORT ? port + 1 : port - 1}.`,
    EACCES: `This user may not listen on port ${port}. Set ${portName} to 1024 or more.`,
    EADDRNOTAVAIL: `This machine has no IP address ${host}. Correct ${hostName}.`,
    ENOTFOUND: `The name ${host} was not found. Correct ${hostName}.`,
    EAI_AGAIN: `The name ${host} was not found. Correct ${hostName}.`
  }
  const reason = reasons[(error as NodeJS.ErrnoException).code ?? '']
  return reason === undefined ? error : new CommandError(reason)
}
