import { join } from 'node:path'
import type { Language } from '../language.ts'
import { fetchOpenapiGenerator, openapiGenerator, TOLERATED } from '../openapi-generator.ts'
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
  prepare: fetchOpenapiGenerator,
  // With chrono it would write a moment in a query as «2030-01-05 00:00:00 +00:00», which is no RFC 3339. And a version
  // that does not move with ours, since Cargo.lock names it.
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
  tolerated: [
    ...TOLERATED,
    [
      /AbstractRustCodegen - .* cannot be used as a .* name\. Renamed to/,
      'said of each media type, of each header with a capital or hyphen, and of `type` and `in`, whatever the contract'
    ]
  ]
}
