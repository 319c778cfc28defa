import { readFileSync } from 'node:fs'
import t from 'tap'
import { parse } from 'yaml'

interface Service {
  image?: string
  ports?: string[]
  user?: string
  command?: string[]
  environment?: Record<string, string>
  healthcheck?: object
  read_only?: boolean
  privileged?: boolean
  tmpfs?: string[]
  cap_drop?: string[]
  cap_add?: string[]
  security_opt?: string[]
  mem_limit?: string
  pids_limit?: number
  cpus?: number
  networks?: string[]
}

const text = readFileSync(new URL('../compose.yaml', import.meta.url), 'utf8')
const compose = parse(text, { merge: true }) as {
  services: Record<string, Service>
  networks: Record<string, { internal?: boolean } | null>
  configs: Record<string, { file: string }>
}
const services = Object.entries(compose.services)
/** What an image needs before it gives up being root. */
const MAY_ADD = ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'SETGID', 'SETUID']
const PASSWORD = /_PASSWORD$|_AUTH$|SECRET$|_URL$/

t.test('every container is confined and bounded', async (t) => {
  t.strictSame(services.map(([name]) => name).sort(), [
    'api',
    'mail',
    'migrate',
    'postgres',
    'redis',
    'worker'
  ])
  for (const [name, service] of services) {
    t.match(
      service,
      {
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
        mem_limit: /^\d+[mg]$/,
        pids_limit: Number,
        cpus: Number
      },
      name
    )
    t.ok(service.tmpfs?.length, `${name} has somewhere to write`)
    t.strictSame(
      (service.cap_add ?? []).filter((right) => !MAY_ADD.includes(right)),
      [],
      name
    )
    t.notOk(service.privileged, name)
    t.match(service.networks, Array, `${name} is on no default network`)
  }
})

t.test('only the API is published, to this machine, and the others have no way out', async (t) => {
  for (const [name, { ports = [], networks }] of services) {
    if (name === 'api') {
      t.match(ports, [/^\$\{BIND:-127\.0\.0\.1\}:/])
    } else {
      t.strictSame(ports, [], name)
      t.strictSame(networks, ['back'], name)
    }
  }
  t.equal(compose.networks.back?.internal, true)
})

t.test('images have a version, and a comment says why no digest', async (t) => {
  for (const [name, { image = '' }] of services) {
    t.match(image, /^tasklane$|^[\w./-]+:v?\d[\w.-]*$/, name)
  }
  t.match(text, /^# Images are named by tag, not by digest, so that/m)
  const dockerfile = readFileSync(new URL('../Dockerfile', import.meta.url), 'utf8')
  t.match(dockerfile, /named by tag, not by\n# digest, so that/)
})

t.test('no secret has a default, and each is named where they are made', async (t) => {
  const made = /for name in ([A-Z_ ]+); do/.exec(text)?.[1]?.split(' ') ?? []
  const values = services.flatMap(([, { environment = {} }]) => Object.entries(environment))
  const required = values.flatMap(([, value]) =>
    [...value.matchAll(/\$\{([A-Z_]+):\?/g)].map(([, name = '']) => name)
  )
  t.strictSame([...new Set(required)].sort(), [...made].sort())
  for (const [name, value] of values.filter(([name]) => PASSWORD.test(name))) {
    t.notMatch(value, /:-[^}]*(pass|secret)|\/\/\w*:\w+@/i, name)
  }
})

t.test('Redis requires a password, which is in no command line', async (t) => {
  const { redis, api } = compose.services
  t.match(redis?.command?.join('\n'), /^requirepass \$\$REDISCLI_AUTH$/m)
  t.notMatch(redis?.command?.join('\n'), /\$\{/)
  t.match(redis?.environment?.REDISCLI_AUTH, /^\$\{REDIS_PASSWORD:\?/)
  t.match(api?.environment?.REDIS_URL, /^redis:\/\/:\$\{REDIS_PASSWORD:\?[^}]*\}@redis:6379$/)
})

t.test('imports run in a worker of their own', async (t) => {
  const { api, worker } = compose.services
  t.equal(api?.environment?.WORKER_ENABLED, 'off')
  t.strictSame(worker?.command, ['worker'])
  t.equal(worker?.environment?.DATABASE_URL, api?.environment?.DATABASE_URL)
  t.notOk(worker?.environment?.DATABASE_MIGRATION_URL)
})
