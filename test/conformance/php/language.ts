import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Language } from '../language.ts'
import {
  installOpenapiGenerator,
  openapiGenerator,
  TOLERATED_WARNINGS
} from '../openapi-generator.ts'
import { folderOf } from '../paths.ts'

const folder = folderOf(import.meta.url)
const library = join(folder, 'generated', 'lib')

/** Requires Debian's packages php-cli, php-curl, php-mbstring and php-guzzlehttp-guzzle. */
export const php: Language = {
  name: 'php',
  title: 'PHP by openapi-generator (guzzle)',
  gating: false,
  tools: ['php', 'java', 'mvn'],
  folder,
  generated: join(folder, 'generated'),
  prepare: async (run) => {
    await run('php', ['-r', 'require "GuzzleHttp/autoload.php";'])
    await installOpenapiGenerator(run)
  },
  generate: (run) =>
    openapiGenerator(run, 'php', join(folder, 'generated'), { invokerPackage: 'Tasklane' }),
  build: async (run) => {
    for (const file of readdirSync(join(library, 'Api'))) {
      await run('php', ['-l', join(library, 'Api', file)])
    }
  },
  journey: ['php', '-d', 'error_reporting=-1', '-d', 'zend.assertions=1', 'journey.php'],
  toleratedWarnings: TOLERATED_WARNINGS
}
