import { join } from 'node:path'
import { installOnce } from '../install-once.ts'
import type { Language } from '../language.ts'
import { CONTRACT, folderOf } from '../paths.ts'

const folder = folderOf(import.meta.url)
const tool = (name: string) => join(folder, 'node_modules', '.bin', name)
const typescript = {
  gating: true,
  folder,
  tools: ['node', 'npm'],
  prepare: (run) =>
    installOnce(join(folder, 'node_modules', '.done'), [join(folder, 'package-lock.json')], () =>
      run('npm', ['ci'], { cwd: folder })
    )
} satisfies Partial<Language>

export const typescriptFetch: Language = {
  ...typescript,
  name: 'typescript-fetch',
  title: 'TypeScript by openapi-typescript and openapi-fetch',
  generated: join(folder, 'openapi-fetch', 'generated'),
  generate: (run) =>
    run(tool('openapi-typescript'), [
      CONTRACT,
      '-o',
      join(folder, 'openapi-fetch', 'generated', 'schema.d.ts')
    ]),
  build: (run) => run(tool('tsc'), ['-p', join(folder, 'openapi-fetch')]),
  journey: ['node', 'openapi-fetch/out/openapi-fetch/journey.js']
}

export const typescriptHeyApi: Language = {
  ...typescript,
  name: 'typescript-hey-api',
  title: 'TypeScript by @hey-api/openapi-ts',
  generated: join(folder, 'hey-api', 'generated'),
  generate: (run) =>
    run(tool('openapi-ts'), ['-f', join(folder, 'hey-api', 'openapi-ts.config.ts')], {
      cwd: folder
    }),
  build: (run) => run(tool('tsc'), ['-p', join(folder, 'hey-api')]),
  journey: ['node', 'hey-api/out/hey-api/journey.js']
}
