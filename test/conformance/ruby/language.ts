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

/** Requires Debian's packages ruby and ruby-typhoeus, or the gem. */
export const ruby: Language = {
  name: 'ruby',
  title: 'Ruby by openapi-generator (typhoeus)',
  gating: false,
  tools: ['ruby', 'java', 'mvn'],
  folder,
  generated: join(folder, 'generated'),
  prepare: async (run) => {
    await run('ruby', ['-e', 'require "typhoeus"'])
    await installOpenapiGenerator(run)
  },
  generate: (run) =>
    openapiGenerator(run, 'ruby', join(folder, 'generated'), {
      gemName: 'tasklane',
      moduleName: 'Tasklane'
    }),
  build: async (run) => {
    for (const file of readdirSync(library, { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('_api.rb')
    )) {
      await run('ruby', ['-wc', join(library, file)])
    }
  },
  journey: ['ruby', '-I', library, 'journey.rb'],
  toleratedWarnings: TOLERATED_WARNINGS
}
