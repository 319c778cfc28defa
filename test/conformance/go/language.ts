import { join } from 'node:path'
import type { Language } from '../language.ts'
import { CONTRACT, folderOf } from '../paths.ts'

const folder = folderOf(import.meta.url)

export const go: Language = {
  name: 'go',
  title: 'Go by oapi-codegen',
  gating: true,
  tools: ['go'],
  folder,
  generated: join(folder, 'generated'),
  // The generator is a tool of the module: go.sum locks it, too.
  prepare: (run) =>
    run(
      'go',
      [
        'build',
        '-o',
        'generated/oapi-codegen',
        'github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen'
      ],
      { cwd: folder }
    ),
  generate: (run) =>
    run('generated/oapi-codegen', ['-config', 'oapi-codegen.yaml', CONTRACT], { cwd: folder }),
  build: async (run) => {
    await run('go', ['vet', './...'], { cwd: folder })
    return run('go', ['build', '-o', 'generated/journey', '.'], { cwd: folder })
  },
  journey: ['generated/journey']
}
