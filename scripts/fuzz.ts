/**
 * Sends what the contract allows and what it does not to a running server, and holds every answer against the contract:
 * Schemathesis with all its checks and phases, on the embedded database or on TEST_DATABASE_URL. Options: --examples=N
 * (cases of a kind for each operation; 10 take a minute or two, more take longer), --seed=N, --only=operationId.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Document } from '../src/http/openapi/document.ts'
import { firstAdmin, startTasklane } from '../test/support/server.ts'
import { pythonTool, ROOT } from '../test/support/tools.ts'

const TOOLS = join(ROOT, 'scripts/contract-tools')
const {
  values: { examples, seed, only = [] }
} = parseArgs({
  options: {
    examples: { type: 'string', default: '10' },
    seed: { type: 'string', default: '4711' },
    only: { type: 'string', multiple: true }
  }
})

const schemathesis = pythonTool('schemathesis')
const folder = mkdtempSync(join(tmpdir(), 'tasklane-fuzz-'))
const contract = join(folder, 'contract.json')
writeFileSync(
  contract,
  JSON.stringify(strict(JSON.parse(readFileSync(join(ROOT, 'openapi/openapi.json'), 'utf8'))))
)
const { url, stop } = await startTasklane({ ACCESS_TOKEN_TTL: '86400' })
const { email, password } = await firstAdmin(url)
const child = spawn(
  schemathesis,
  [
    '--config-file',
    join(TOOLS, 'schemathesis.toml'),
    'run',
    contract,
    '--url',
    url,
    '--seed',
    seed,
    '--max-examples',
    examples,
    '--checks',
    'all',
    ...only.flatMap((id) => ['--include-operation-id', id])
  ],
  {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: {
      ...process.env,
      TASKLANE_URL: url,
      TASKLANE_EMAIL: email,
      TASKLANE_PASSWORD: password,
      PYTHONPATH: [TOOLS, process.env.PYTHONPATH].filter(Boolean).join(delimiter),
      PYTHONDONTWRITEBYTECODE: '1',
      NO_COLOR: '1'
    }
  }
)
const [code] = await once(child, 'close')
await stop()
rmSync(folder, { recursive: true })
process.exit(code ?? 1)

/**
 * Returns the contract without `default`, which would document every status, so that undocumented ones are found; and
 * with the name that an uploaded file must have, which the contract can only describe.
 */
function strict(document: Document): Document {
  for (const operation of Object.values(document.paths).flatMap((methods) =>
    Object.values(methods)
  )) {
    delete operation.responses.default
    const form = operation.requestBody?.content['multipart/form-data']
    if (form) {
      Object.assign(form, {
        encoding: {
          file: {
            contentType: 'text/csv',
            headers: {
              'Content-Disposition': {
                schema: { type: 'string' },
                example: 'form-data; name="file"; filename="tasks.csv"'
              }
            }
          }
        }
      })
    }
  }
  return document
}
