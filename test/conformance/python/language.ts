import { join } from 'node:path'
import { installOnce } from '../install-once.ts'
import type { Language } from '../language.ts'
import { CACHE, CONTRACT, folderOf } from '../paths.ts'

const folder = folderOf(import.meta.url)
const environment = join(CACHE, 'python')
const tool = (name: string) => join(environment, 'bin', name)

export const python: Language = {
  name: 'python',
  title: 'Python by openapi-python-client',
  gating: true,
  tools: ['python3'],
  folder,
  generated: join(folder, 'generated'),
  prepare: (run) =>
    installOnce(join(environment, 'done'), [join(folder, 'requirements.txt')], async () => {
      await run('python3', ['-m', 'venv', '--clear', environment])
      await run(tool('pip'), [
        'install',
        '--quiet',
        '--disable-pip-version-check',
        '--no-deps',
        '--requirement',
        join(folder, 'requirements.txt')
      ])
    }),
  // The generator formats its output with ruff, which it looks for in PATH.
  generate: async (run) => {
    await run(
      tool('openapi-python-client'),
      [
        'generate',
        '--path',
        CONTRACT,
        '--meta',
        'none',
        '--output-path',
        join(folder, 'generated', 'tasklane'),
        '--overwrite'
      ],
      { env: { PATH: `${join(environment, 'bin')}:${process.env.PATH}` } }
    )
  },
  build: (run) =>
    run(tool('mypy'), ['--cache-dir', join(CACHE, 'mypy'), 'journey.py'], { cwd: folder }),
  journey: [tool('python'), '-W', 'error', 'journey.py']
}
