import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const read = (file: string) => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8')
const manifest = JSON.parse(read('package.json'))
const installed: Record<
  string,
  {
    version?: string
    license?: string
    resolved?: string
    integrity?: string
    hasInstallScript?: boolean
    dev?: boolean
    optional?: boolean
  }
> = JSON.parse(read('package-lock.json')).packages

/** The oldest version that may be installed, for packages with a past; several lines are possible. */
const FLOORS: Record<string, string[]> = {
  fastify: ['5.12.1'],
  'fast-jwt': ['6.3.2'],
  '@fastify/rate-limit': ['11.2.0'],
  '@fastify/multipart': ['10.1.0'],
  '@fastify/static': ['9.1.1'],
  '@fastify/swagger-ui': ['6.1.0'],
  'fast-uri': ['3.1.3', '4.0.1'],
  'drizzle-orm': ['0.45.2'],
  nodemailer: ['9.0.5'],
  undici: ['6.24.1', '7.24.4'],
  node: ['24.14.1']
}
/** Patched by us, so that another version must be looked at first. */
const EXACT: Record<string, string> = { postgres: '3.4.9' }
const FREE =
  /^(\(?(MIT|MIT-0|ISC|BSD-[23]-Clause|Apache-2\.0|0BSD|BlueOak-1\.0\.0|CC0-1\.0|CC-BY-[34]\.0|Unlicense|Python-2\.0|PostgreSQL|WTFPL|MPL-2\.0|LGPL-3\.0-or-later)( (OR|AND) )?)+\)?$/

const parts = (version: string) => version.split('.').map(Number)
const isBelow = (version: string, floor: string) =>
  parts(version)
    .map((n, i) => n - (parts(floor)[i] ?? 0))
    .find((difference) => difference !== 0) ?? 0

/** Compares with the floor of the same major line, or else with the last one. */
const isTooOld = (version: string, floors: string[]) =>
  isBelow(
    version,
    floors.find((floor) => parts(floor)[0] === parts(version)[0]) ?? (floors.at(-1) as string)
  ) < 0
const nameOf = (path: string) =>
  path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
const packages = Object.entries(installed).filter(([path]) => path !== '')

t.test('every dependency of ours is pinned to one version, and the lock file agrees', async (t) => {
  for (const [name, version] of Object.entries({
    ...manifest.dependencies,
    ...manifest.devDependencies,
    ...manifest.overrides
  } as Record<string, string>)) {
    t.match(version, /^\d+\.\d+\.\d+$/, name)
    t.equal(installed[`node_modules/${name}`]?.version, version, `${name} in the lock file`)
  }
})

t.test('the tools of the contract are pinned and locked to their content as well', async (t) => {
  const folder = 'scripts/contract-tools'
  for (const version of Object.values(JSON.parse(read(`${folder}/package.json`)).dependencies)) {
    t.match(version, /^\d+\.\d+\.\d+$/)
  }
  for (const [path, { resolved, integrity }] of Object.entries(
    JSON.parse(read(`${folder}/package-lock.json`)).packages as typeof installed
  ).filter(([path]) => path !== '')) {
    t.equal(resolved, undefined, path)
    t.match(integrity, /^sha512-/, path)
  }
  for (const line of read(`${folder}/requirements.txt`)
    .split('\n')
    .filter((line) => /^[^#]/.test(line))) {
    t.match(line, /^[A-Za-z0-9._-]+==[\w.]+$/)
  }
  for (const version of Object.values(JSON.parse(read('test/conformance/versions.json')))) {
    t.match(version, /^v?\d[\w.+-]*$/)
  }
})

t.test('no package with a past is older than its cure', async (t) => {
  for (const [path, { version = '' }] of packages) {
    const name = nameOf(path)
    if (FLOORS[name]) {
      t.notOk(isTooOld(version, FLOORS[name]), `${path} ${version}`)
    }
    if (EXACT[name]) {
      t.equal(version, EXACT[name], path)
    }
  }
  t.strictSame(
    [
      ['5.12.0', '5.12.1'],
      ['5.12.1', '5.12.1'],
      ['6.0.0', '5.12.1'],
      ['4.29.1', '5.12.1']
    ].map(([version = '', floor = '']) => isTooOld(version, [floor])),
    [true, false, false, true]
  )
  t.strictSame(
    ['3.1.2', '3.1.3', '4.0.0', '4.0.1'].map((version) => isTooOld(version, ['3.1.3', '4.0.1'])),
    [true, false, true, false]
  )
})

t.test(
  'every package is locked to its content, and only the named ones run scripts when they are installed',
  async (t) => {
    for (const [path, { integrity, resolved }] of packages) {
      t.ok(resolved === undefined || /^sha512-/.test(integrity ?? ''), `${path} has a checksum`)
    }
    const withScripts = new Set(
      packages
        .filter(([, { hasInstallScript, optional }]) => hasInstallScript && !optional)
        .map(([path]) => nameOf(path))
    )
    t.strictSame(
      [...withScripts].filter((name) => !manifest.allowScripts[name]),
      []
    )
  }
)

t.test('what is shipped has a licence that lets it be shipped', async (t) => {
  for (const [path, { license, dev }] of packages.filter(([, { dev }]) => !dev)) {
    t.match(license ?? '', FREE, `${path} ${dev}`)
  }
})

t.test('no secret is in the tree, and the look for them finds one', async (t) => {
  // In pieces, so that this file is clean itself.
  const SECRETS = [
    new RegExp(`-----BEGIN [A-Z ]*PRIVATE ${'KEY'}-----`),
    /\bAKIA[0-9A-Z]{16}\b/,
    /\bgh[pousr]_[A-Za-z0-9]{36}\b/,
    /\bxox[abprs]-[0-9A-Za-z-]{10,}/,
    /\bnpm_[A-Za-z0-9]{36}\b/,
    /\bsk-[A-Za-z0-9]{40,}\b/,
    /^(JWT_SECRET|[A-Z_]*PASSWORD|[A-Z_]*TOKEN)=[^\s$<]{12,}$/m
  ]
  const finds = (text: string) => SECRETS.some((secret) => secret.test(text))
  const files = execFileSync(
    'git',
    ['ls-files', '-z', '--cached', '--others', '--exclude-standard'],
    { cwd: ROOT, encoding: 'utf8' }
  )
    .split('\0')
    .filter((file) => file !== '')
  t.ok(files.length > 100)
  t.strictSame(
    files.filter((file) => /(^|\/)(\.env|id_[a-z0-9]+|.*\.(pem|p12|key))$/.test(file)),
    []
  )
  for (const file of files) {
    const text = readIfThere(file)
    if (text !== undefined) {
      t.notOk(finds(text), file)
    }
  }
  for (const planted of [
    `-----BEGIN RSA PRIVATE ${'KEY'}-----`,
    `AKIA${'A1'.repeat(8)}`,
    `ghp_${'a1'.repeat(18)}`,
    `JWT_${'SECRET'}=rA9xTq2mWc7Zk0Lp`
  ]) {
    t.ok(finds(planted))
  }
})

/** Undefined for a file that is deleted but still in the index. */
function readIfThere(file: string): string | undefined {
  try {
    return read(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return undefined
    }
    throw error
  }
}
