import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { styleText } from 'node:util'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const NODE_TOOLS = join(ROOT, 'scripts/contract-tools')
/** Tools that are no npm packages; each folder names its version, so that a new one is installed. */
const OTHERS = join(ROOT, '.tools')
export const versions: Record<string, string> = JSON.parse(
  readFileSync(join(ROOT, 'test/conformance/versions.json'), 'utf8')
)

/** Returns a program of scripts/contract-tools, a package of its own, since it is ten times the size of the server. */
export function nodeTool(program: string): string {
  const lock = digest(readFileSync(join(NODE_TOOLS, 'package-lock.json')))
  const stamp = join(NODE_TOOLS, 'node_modules', '.lock-digest')
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== lock) {
    install('npm', ['ci', '--ignore-scripts', '--prefix', NODE_TOOLS], NODE_TOOLS)
    writeFileSync(stamp, lock)
  }
  return join(NODE_TOOLS, 'node_modules', '.bin', program)
}

/** A program of the packages that scripts/contract-tools/requirements.txt pins, in a virtual environment of its own. */
export function pythonTool(program: string): string {
  const requirements = join(NODE_TOOLS, 'requirements.txt')
  const folder = join(OTHERS, `python-${digest(readFileSync(requirements))}`)
  if (!existsSync(join(folder, 'whole'))) {
    rmSync(folder, { recursive: true, force: true })
    install('python3', ['-m', 'venv', folder])
    install(join(folder, 'bin', 'pip'), [
      'install',
      '--quiet',
      '--disable-pip-version-check',
      '--no-deps',
      '--requirement',
      requirements
    ])
    writeFileSync(join(folder, 'whole'), '')
  }
  return join(folder, 'bin', program)
}

/** A program that `go install` builds from the module proxy, at the version in versions.json. */
export function goTool(module: string): string {
  const name = module.split('/').at(-1) as string
  const folder = join(OTHERS, `${name}-${versions[name]}`)
  if (!existsSync(join(folder, name))) {
    install('go', ['install', `${module}@v${versions[name]}`], ROOT, { GOBIN: folder })
  }
  return join(folder, name)
}

function install(
  program: string,
  args: string[],
  cwd = ROOT,
  env: Record<string, string> = {}
): void {
  console.log(styleText('dim', `${program} ${args.join(' ')}`))
  try {
    execFileSync(program, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'inherit']
    })
  } catch (error) {
    const reason =
      (error as NodeJS.ErrnoException).code === 'ENOENT'
        ? `${program} is not installed on this machine`
        : (error as Error).message
    throw new Error(`Could not install what this needs: ${reason}.`)
  }
}

const digest = (content: Buffer): string =>
  createHash('sha256').update(content).digest('hex').slice(0, 12)
