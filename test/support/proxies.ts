import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { freePort } from './postgres-server.ts'
import { ROOT } from './tools.ts'
import { waitUntil } from './wait-until.ts'

type Owner = Pick<Test, 'teardown'>

/** Returns the first of some programs that this machine has. `version` makes it print something and end. */
const find = (programs: (string | undefined)[], version: string): string | undefined =>
  programs.find((program) => program !== undefined && spawnSync(program, [version]).status === 0)

const nginx = find([process.env.NGINX, 'nginx', '/usr/sbin/nginx'], '-v')
const caddy = find([process.env.CADDY, 'caddy'], 'version')

export const example = (name: string): string =>
  readFileSync(join(ROOT, 'docs/examples', name), 'utf8')

export interface Proxy {
  port: number
  /** What it has said so far. */
  log: () => string
}

interface ProxyProgram {
  /** Why it cannot run here, or false. */
  missing: string | false
  /** Starts it with the documented configuration in front of servers, for plain HTTP on a free port of loopback. */
  start: (t: Owner, servers: number[]) => Promise<Proxy>
  /** Checks the documented configuration as it is, and returns what it complains about. */
  check: (t: Owner) => string
}

/** A folder that also the unprivileged processes of a proxy may use. */
function folderFor(t: Owner): string {
  const folder = mkdtempSync(join(tmpdir(), 'tasklane-proxy-'))
  chmodSync(folder, 0o777)
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const withServers = (text: string, [first, second]: number[]): string =>
  text
    .replaceAll('127.0.0.1:3000', `127.0.0.1:${first}`)
    .replaceAll('127.0.0.1:3001', `127.0.0.1:${second}`)

async function run(
  t: Owner,
  command: string[],
  env: Record<string, string>,
  port: number
): Promise<Proxy> {
  const [program = '', ...args] = command
  const child: ChildProcess = spawn(program, args, {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  const ended = once(child, 'close')
  t.teardown(async () => {
    child.kill('SIGTERM')
    await ended
  })
  let log = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text) => {
      log += text
    })
  }
  await waitUntil(`the start of ${program}: ${log}`, () => {
    if (child.exitCode !== null) {
      throw new Error(`${program} ended: ${log}`)
    }
    return fetch(`http://127.0.0.1:${port}/health/live`).then(
      () => true,
      () => false
    )
  })
  return { port, log: () => log }
}

/** Includes one of the documented files as a package of nginx does; everything that it writes is in a folder. */
function nginxFiles(folder: string, text: string): string {
  writeFileSync(join(folder, 'tasklane.conf'), text)
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => {
    mkdirSync(join(folder, name), { recursive: true })
    return `${name}_temp_path ${join(folder, name)};`
  })
  const file = join(folder, 'nginx.conf')
  writeFileSync(
    file,
    `daemon off; worker_processes 1; pid ${folder}/pid; error_log stderr warn; events {}
     http { access_log off; ${temporary.join(' ')} include ${folder}/tasklane.conf; }`
  )
  return file
}

const command = (folder: string, file: string) => [
  nginx ?? '',
  '-p',
  folder,
  '-e',
  'stderr',
  '-c',
  file
]

const nginxProgram: ProxyProgram = {
  missing: nginx === undefined && 'nginx is not installed on this machine',
  async start(t, servers) {
    const folder = folderFor(t)
    const port = await freePort()
    // The first of its two servers, without TLS.
    const [kept = ''] = example('nginx.conf').split('\nserver {\n  listen 80;')
    const text = withServers(kept, servers)
      .replace('listen 443 ssl http2;', `listen 127.0.0.1:${port};`)
      .replaceAll(/^ *ssl_.*\n/gm, '')
    return run(t, command(folder, nginxFiles(folder, text)), {}, port)
  },
  check(t) {
    const folder = folderFor(t)
    const [key, certificate] = [join(folder, 'key'), join(folder, 'pem')]
    const subject = ['-subj', '/CN=tasks.example.com', '-days', '1', '-nodes']
    spawnSync('openssl', [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      ...subject,
      '-keyout',
      key,
      '-out',
      certificate
    ])
    const text = example('nginx.conf')
      .replace('/etc/ssl/tasks.example.com.pem', certificate)
      .replace('/etc/ssl/tasks.example.com.key', key)
    const { status, stderr } = spawnSync(
      nginx ?? '',
      [...command(folder, nginxFiles(folder, text)).slice(1), '-t'],
      { encoding: 'utf8' }
    )
    return status === 0 && !/warn|emerg/.test(stderr) ? '' : stderr
  }
}

const caddyProgram: ProxyProgram = {
  missing: caddy === undefined && 'Caddy is not installed on this machine',
  async start(t, servers) {
    const folder = folderFor(t)
    const port = await freePort()
    const text = withServers(example('Caddyfile'), servers).replace(
      'tasks.example.com {',
      `{\n\tadmin off\n\tauto_https off\n}\n\nhttp://127.0.0.1:${port} {`
    )
    const file = join(folder, 'Caddyfile')
    writeFileSync(file, text)
    return run(
      t,
      [caddy ?? '', 'run', '--adapter', 'caddyfile', '--config', file],
      { HOME: folder },
      port
    )
  },
  check(t) {
    const folder = folderFor(t)
    const file = join(ROOT, 'docs/examples/Caddyfile')
    const { status, stderr } = spawnSync(
      caddy ?? '',
      ['validate', '--adapter', 'caddyfile', '--config', file],
      { encoding: 'utf8', env: { PATH: process.env.PATH, HOME: folder } }
    )
    return status === 0 && !stderr.includes('not formatted') ? '' : stderr
  }
}

export const PROXIES: Record<string, ProxyProgram> = { nginx: nginxProgram, Caddy: caddyProgram }
