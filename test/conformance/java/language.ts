import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { versions } from '../../support/tools.ts'
import type { Language } from '../language.ts'
import { fetchOpenapiGenerator, openapiGenerator, TOLERATED } from '../openapi-generator.ts'
import { CACHE, folderOf, unlessDone } from '../paths.ts'

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
    await fetchOpenapiGenerator(run)
    await unlessDone(join(CACHE, 'java.done'), [join(folder, 'pom.xml')], () =>
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
  // The library okhttp-gson drops nulls; this one keeps them. Without containerDefaultToNull a new TaskUpdate holds an
  // empty list, so that every patch would wipe the tags.
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
    // The generator's own frame calls two methods of Jackson that are deprecated.
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
  tolerated: TOLERATED
}

const sources = (root: string): string[] =>
  readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.java'))
    .map((file) => join(root, file))
