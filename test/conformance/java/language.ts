import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { versions } from '../../support/tools.ts'
import { installOnce } from '../install-once.ts'
import type { Language } from '../language.ts'
import {
  installOpenapiGenerator,
  openapiGenerator,
  TOLERATED_WARNINGS
} from '../openapi-generator.ts'
import { CACHE, folderOf } from '../paths.ts'

const folder = folderOf(import.meta.url)
const generated = join(folder, 'generated')
const jars = join(CACHE, 'java')

export const java: Language = {
  name: 'java',
  title: 'Java by openapi-generator (native)',
  gating: true,
  tools: ['java', 'javac', 'mvn'],
  folder,
  generated,
  prepare: async (run) => {
    await installOpenapiGenerator(run)
    await installOnce(join(CACHE, 'java.done'), [join(folder, 'pom.xml')], () =>
      run(
        'mvn',
        [
          '--batch-mode',
          '--quiet',
          `org.apache.maven.plugins:maven-dependency-plugin:${versions['maven-dependency-plugin']}:copy-dependencies`,
          `-DoutputDirectory=${jars}`,
          '-Dmdep.overWriteIfNewer=true'
        ],
        { cwd: folder }
      )
    )
  },
  // The library okhttp-gson drops nulls; native keeps them. Without containerDefaultToNull, a new TaskUpdate holds an
  // empty list, and every update would clear the tags.
  generate: async (run) => {
    await openapiGenerator(run, 'java', generated, {
      library: 'native',
      openApiNullable: true,
      containerDefaultToNull: true,
      useJakartaEe: true,
      invokerPackage: 'tasklane',
      apiPackage: 'tasklane.api',
      modelPackage: 'tasklane.model'
    })
  },
  build: async (run) => {
    writeFileSync(
      join(generated, 'sources'),
      [join(folder, 'Journey.java'), ...sources(join(generated, 'src', 'main', 'java'))].join('\n')
    )
    // The generated runtime calls two deprecated methods of Jackson.
    await run('javac', [
      '--release',
      '17',
      '-Xlint:all,-deprecation',
      '-Werror',
      '-proc:none',
      '-cp',
      join(jars, '*'),
      '-d',
      join(generated, 'classes'),
      `@${join(generated, 'sources')}`
    ])
  },
  journey: ['java', '-cp', `${join(generated, 'classes')}:${join(jars, '*')}`, 'Journey'],
  toleratedWarnings: TOLERATED_WARNINGS
}

const sources = (root: string): string[] =>
  readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.java'))
    .map((file) => join(root, file))
