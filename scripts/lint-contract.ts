/** Checks both documents with the common linters, each of which first has to reject an invalid document. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nodeTool, ROOT } from '../test/support/tools.ts'

const MIN_SCORE = 89
const DOCUMENTS = ['openapi/openapi.json', 'openapi/openapi-3.0.json']
const TOOLS = 'scripts/contract-tools'

type Verdict = { passed: boolean; said: string }
interface Linter {
  name: string
  lint: (files: string[]) => Verdict
  spoil: (document: Contract) => void
}
interface Contract {
  info: Record<string, unknown>
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, { properties: Record<string, Record<string, unknown>> }> }
}
interface Operation {
  summary?: string
  description?: string
  parameters?: unknown[]
  requestBody?: { content: Record<string, { examples?: object }> }
  responses: Record<
    string,
    { description?: string; content?: Record<string, { examples?: object }> }
  >
}

const linters: Linter[] = [
  {
    name: 'OpenAPI schema (@seriousme/openapi-schema-validator)',
    lint: (files) => all(files.map(validate)),
    spoil: (document) => {
      delete document.info.version
    }
  },
  {
    name: 'Redocly recommended-strict',
    lint: (files) =>
      run('redocly', [
        'lint',
        ...files,
        '--config',
        `${TOOLS}/redocly.yaml`,
        '--format',
        'summary'
      ]),
    spoil: (document) => {
      for (const operation of operationsOf(document)) {
        delete operation.summary
      }
    }
  },
  {
    name: `Redocly score of ${MIN_SCORE} or more`,
    lint: (files) => all(files.map(score)),
    spoil: withoutHelp
  },
  {
    name: 'Spectral, OAS and OWASP rule sets',
    lint: (files) =>
      run('spectral', [
        'lint',
        ...files,
        '--ruleset',
        `${TOOLS}/spectral.yaml`,
        '--fail-severity',
        'hint'
      ]),
    spoil: (document) => {
      delete document.components.schemas.Task?.properties.title?.maxLength
    }
  }
]

const folder = mkdtempSync(join(tmpdir(), 'tasklane-lint-'))
let failed = 0
for (const { name, lint, spoil } of linters) {
  const { passed, said } = lint(DOCUMENTS)
  const seesNothing = DOCUMENTS.filter((file) => lint([spoiled(file, spoil)]).passed)
  console.log(
    `${passed ? '    ok' : 'FAILED'}  ${name}${passed ? `: ${said.trim().split('\n').at(-1)}` : `\n${said}`}`
  )
  if (seesNothing.length > 0) {
    console.log(`FAILED  ${name}: finds nothing in a spoiled ${seesNothing.join(' and ')}`)
  }
  failed += Number(!passed) + seesNothing.length
}
rmSync(folder, { recursive: true })
console.log(
  failed === 0
    ? 'Both documents pass, and every linter refuses a spoiled one.'
    : `${failed} checks failed.`
)
process.exit(failed === 0 ? 0 : 1)

/** No linter may ask the network: not for updates, not to tell of us. */
function run(program: string, args: string[]): Verdict {
  const { status, stdout, stderr } = spawnSync(nodeTool(program), args, {
    cwd: ROOT,
    encoding: 'utf8',
    env: {
      ...process.env,
      REDOCLY_TELEMETRY: 'off',
      REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true',
      NO_COLOR: '1'
    },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  return { passed: status === 0, said: `${stderr}${stdout}` }
}

function all(verdicts: Verdict[]): Verdict {
  return {
    passed: verdicts.every(({ passed }) => passed),
    said: verdicts.map(({ said }) => said.trim()).join(' | ')
  }
}

function validate(file: string): Verdict {
  const { passed, said } = run('validate-api', [file])
  return { passed, said: passed ? 'valid' : said }
}

/** How fit for integration the document is, and how easily found what one looks for; both of 100. */
function score(file: string): Verdict {
  const { passed, said } = run('redocly', ['score', file, '--format', 'json'])
  const [, readiness = 'none'] = /"agentReadiness": ([\d.]+)/.exec(said) ?? []
  const [, discoverability = 'none'] = /"discoverability": ([\d.]+)/.exec(said) ?? []
  return {
    passed: passed && Number(readiness) >= MIN_SCORE && Number(discoverability) >= MIN_SCORE,
    said: `${readiness}, discoverability ${discoverability}`
  }
}

function spoiled(file: string, spoil: Linter['spoil']): string {
  const document = JSON.parse(readFileSync(join(ROOT, file), 'utf8'))
  spoil(document)
  const copy = join(folder, file.replaceAll('/', '-'))
  writeFileSync(copy, JSON.stringify(document))
  return copy
}

function operationsOf(document: Contract): Operation[] {
  return Object.values(document.paths).flatMap((methods) => Object.values(methods))
}

/** Valid, but nobody would find their way: no descriptions, no examples. */
function withoutHelp(document: Contract): void {
  for (const operation of operationsOf(document)) {
    delete operation.description
    for (const media of [operation.requestBody, ...Object.values(operation.responses)].flatMap(
      (part) => Object.values(part?.content ?? {})
    )) {
      delete media.examples
    }
  }
}
