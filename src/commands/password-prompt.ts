import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { CommandError } from './bootstrap.ts'

/** The exit code of a program that Ctrl+C ended: 128 + SIGINT. */
const INTERRUPTED = 130

/** Reads a password: from a terminal unseen and twice, else all of standard input without its final newline. */
export async function readPassword(): Promise<string> {
  if (!process.stdin.isTTY) {
    return (await text(process.stdin)).replace(/\r?\n$/, '')
  }
  const password = await askUnseen('Password: ')
  if ((await askUnseen('The same again: ')) !== password) {
    throw new CommandError('The two passwords differ. Nothing was changed.')
  }
  return password
}

/** Asks on the terminal without showing what is typed; Ctrl+C ends the process like any program. */
async function askUnseen(question: string): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const prompt = createInterface({ input: process.stdin, output: nowhere, terminal: true })
  prompt.on('SIGINT', () => {
    prompt.close()
    process.stdout.write('\n')
    process.exit(INTERRUPTED)
  })
  // Not before: until now the terminal shows what is typed.
  process.stdout.write(question)
  const password = await prompt.question('').catch(() => {
    process.stdout.write('\n')
    throw new CommandError('No password was given. Nothing was changed.')
  })
  prompt.close()
  process.stdout.write('\n')
  return password
}
