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

/** The oldest version without known vulnerabilities, one for each major line that may be installed. */
const MINIMUM_VERSIONS: Record<string, string[]> = {
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
/** Patched when it is loaded, so that another version needs a review of the patches. */
const PINNED_VERSIONS: Record<string, string> = { postgres: '3.4.9' }
const LICENSES = [
  'MIT|MIT-0|ISC|BSD-[23]-Clause|Apache-2\\.0|0BSD|BlueOak-1\\.0\\.0|CC0-1\\.0|CC-BY-[34]\\.0|Unlicense',
  'Python-2\\.0|PostgreSQL|WTFPL|MPL-2\\.0|LGPL-3\\.0-or-later'
]
const REDISTRIBUTABLE = new RegExp(`^(\\(?(${LICENSES.join('|')})( (OR|AND) )?)+\\)?$`)

const parts = (version: string) => version.split('.').map(Number)
const compareVersions = (version: string, other: string) =>
  parts(version)
    .map((n, i) => n - (parts(other)[i] ?? 0))
    .find((difference) => difference !== 0) ?? 0

/** Compares with the minimum of the same major line, or else with the last one. */
const isTooOld = (version: string, minimums: string[]) => {
  const sameMajor = minimums.find((minimum) => parts(minimum)[0] === parts(version)[0])
  return compareVersions(version, sameMajor ?? minimums.at(-1) ?? '0') < 0
}
const nameOf = (path: string) =>
  path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
const packages = Object.entries(installed).filter(([path]) => path !== '')

t.test('every direct dependency is pinned to one version, and the lock file agrees', async (t) => {
  for (const [name, version] of Object.entries({
    ...manifest.dependencies,
    ...manifest.devDependencies,
    ...manifest.overrides
  } as Record<string, string>)) {
    t.match(version, /^\d+\.\d+\.\d+$/, name)
    t.equal(installed[`node_modules/${name}`]?.version, version, `${name} in the lock file`)
  }
})

t.test(
  'the contract tools are pinned, and locked by checksum where npm installs them',
  async (t) => {
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
  }
)

t.test('no package is older than the version that fixes its known vulnerabilities', async (t) => {
  for (const [path, { version = '' }] of packages) {
    const name = nameOf(path)
    if (MINIMUM_VERSIONS[name]) {
      t.notOk(isTooOld(version, MINIMUM_VERSIONS[name]), `${path} ${version}`)
    }
    if (PINNED_VERSIONS[name]) {
      t.equal(version, PINNED_VERSIONS[name], path)
    }
  }
  t.strictSame(
    [
      ['5.12.0', '5.12.1'],
      ['5.12.1', '5.12.1'],
      ['6.0.0', '5.12.1'],
      ['4.29.1', '5.12.1']
    ].map(([version = '', minimum = '']) => isTooOld(version, [minimum])),
    [true, false, false, true]
  )
  t.strictSame(
    ['3.1.2', '3.1.3', '4.0.0', '4.0.1'].map((version) => isTooOld(version, ['3.1.3', '4.0.1'])),
    [true, false, true, false]
  )
})

t.test(
  'every package is locked by checksum, and only the allowed ones run install scripts',
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

t.test('every production dependency has a licence that permits redistribution', async (t) => {
  for (const [path, { license, dev }] of packages.filter(([, { dev }]) => !dev)) {
    t.match(license ?? '', REDISTRIBUTABLE, `${path} ${dev}`)
  }
})

t.test('no file contains a secret, and the scan finds a planted one', async (t) => {
  // Split, so that the scan does not match this file.
  const SECRETS = [
    new RegExp(`-----BEGIN [A-Z ]*PRIVATE ${'KEY'}-----`),
    /\bAKIA[0-9A-Z]{16}\b/,
    /\bgh[pousr]_[A-Za-z0-9]{36}\b/,
    /\bxox[abprs]-[0-9A-Za-z-]{10,}/,
    /\bnpm_[A-Za-z0-9]{36}\b/,
    /\bsk-[A-Za-z0-9]{40,}\b/,
    /^(JWT_SECRET|[A-Z_]*PASSWORD|[A-Z_]*TOKEN)=[^\s$<]{12,}$/m
  ]
  const hasSecret = (text: string) => SECRETS.some((secret) => secret.test(text))
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
    const text = readIfPresent(file)
    if (text !== undefined) {
      t.notOk(hasSecret(text), file)
    }
  }
  for (const planted of [
    `-----BEGIN RSA PRIVATE ${'KEY'}-----`,
    `AKIA${'A1'.repeat(8)}`,
    `ghp_${'a1'.repeat(18)}`,
    `JWT_${'SECRET'}=rA9xTq2mWc7Zk0Lp`
  ]) {
    t.ok(hasSecret(planted))
  }
})

/** Returns undefined for a file that is deleted but still in the index. */
function readIfPresent(file: string): string | undefined {
  try {
    return read(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return undefined
    }
    throw error
  }
}
