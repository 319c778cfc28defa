import { join } from 'node:path'
import { installOnce } from '../install-once.ts'
import type { Language } from '../language.ts'
import {
  installOpenapiGenerator,
  openapiGenerator,
  TOLERATED_WARNINGS
} from '../openapi-generator.ts'
import { CACHE, folderOf } from '../paths.ts'

const folder = folderOf(import.meta.url)
const environment = join(CACHE, 'python-pydantic')
const tool = (name: string) => join(environment, 'bin', name)

export const pythonPydantic: Language = {
  name: 'python-pydantic',
  title: 'Python by openapi-generator (pydantic)',
  gating: false,
  tools: ['python3', 'java', 'mvn'],
  folder,
  generated: join(folder, 'generated'),
  prepare: async (run) => {
    await installOpenapiGenerator(run)
    await installOnce(join(environment, 'done'), [join(folder, 'requirements.txt')], async () => {
      await run('python3', ['-m', 'venv', '--clear', environment])
      await run(tool('pip'), [
        'install',
        '--quiet',
        '--disable-pip-version-check',
        '--no-deps',
        '--requirement',
        join(folder, 'requirements.txt')
      ])
    })
  },
  generate: (run) =>
    openapiGenerator(run, 'python', join(folder, 'generated'), { packageName: 'tasklane' }),
  build: (run) =>
    run(tool('python'), ['-W', 'error', '-m', 'compileall', '-q', 'generated/tasklane'], {
      cwd: folder
    }),
  journey: [tool('python'), '-W', 'error', 'journey.py'],
  toleratedWarnings: TOLERATED_WARNINGS
}
