import { join } from 'node:path'
import type { Language } from '../language.ts'
import {
  installOpenapiGenerator,
  openapiGenerator,
  TOLERATED_WARNINGS
} from '../openapi-generator.ts'
import { folderOf } from '../paths.ts'

const folder = folderOf(import.meta.url)
const generated = join(folder, 'generated')

export const rust: Language = {
  name: 'rust',
  title: 'Rust by openapi-generator (reqwest)',
  gating: true,
  tools: ['cargo', 'java', 'mvn'],
  folder,
  generated,
  prepare: installOpenapiGenerator,
  // With chrono, timestamps in queries would be "2030-01-05 00:00:00 +00:00", which is not RFC 3339. The version is
  // fixed because Cargo.lock contains it.
  generate: async (run) => {
    await openapiGenerator(run, 'rust', generated, {
      library: 'reqwest',
      packageName: 'tasklane',
      packageVersion: '0.0.0',
      useChrono: false
    })
  },
  build: (run) =>
    run('cargo', ['build', '--locked', '--quiet'], {
      cwd: folder,
      env: { RUSTFLAGS: '--deny warnings' }
    }),
  journey: ['target/debug/journey'],
  toleratedWarnings: [
    ...TOLERATED_WARNINGS,
    [
      /AbstractRustCodegen - .* cannot be used as a .* name\. Renamed to/,
      'printed for media types, for headers with a capital or hyphen, and for `type` and `in`'
    ]
  ]
}
