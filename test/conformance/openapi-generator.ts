import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { versions } from '../support/tools.ts'
import type { Language } from './language.ts'
import { CACHE, TWIN } from './paths.ts'
import type { Runner } from './runner.ts'

const JAR = join(CACHE, `openapi-generator-cli-${versions['openapi-generator']}.jar`)
const ALWAYS = 'disallowAdditionalPropertiesIfNotPresent=false,hideGenerationTimestamp=true'

/** Fetches the generator with Maven, once for all that ask, and refuses one whose content is not the pinned one. */
export function fetchOpenapiGenerator(run: Runner): Promise<void> {
  fetched ??= fetchPinned(run)
  return fetched
}
let fetched: Promise<void> | undefined

async function fetchPinned(run: Runner): Promise<void> {
  if (!existsSync(JAR)) {
    await run('mvn', [
      '--batch-mode',
      '--quiet',
      `org.apache.maven.plugins:maven-dependency-plugin:${versions['maven-dependency-plugin']}:copy`,
      `-Dartifact=org.openapitools:openapi-generator-cli:${versions['openapi-generator']}`,
      `-DoutputDirectory=${CACHE}`,
      '-Dmdep.useBaseVersion=true'
    ])
  }
  if (
    createHash('sha256').update(readFileSync(JAR)).digest('hex') !==
    versions['openapi-generator sha256']
  ) {
    throw new Error(`${JAR} is not the pinned file.`)
  }
}

/** Generates from the twin, since not all of its languages read 3.1. `options` go to the language. */
export function openapiGenerator(
  run: Runner,
  generator: string,
  output: string,
  options: Record<string, string | boolean> = {},
  more: string[] = []
): Promise<string> {
  const properties = Object.entries(options)
    .map(([name, value]) => `,${name}=${value}`)
    .join('')
  return run('java', [
    '-jar',
    JAR,
    'generate',
    '--input-spec',
    TWIN,
    '--generator-name',
    generator,
    '--output',
    output,
    '--strict-spec',
    'true',
    '--additional-properties',
    ALWAYS + properties,
    '--global-property',
    'apiTests=false,modelTests=false,apiDocs=false,modelDocs=false',
    ...more
  ])
}

/** What it says of any contract that has examples, headers or media types: nothing that would change the client. */
export const TOLERATED: NonNullable<Language['tolerated']> = [
  [/ModelUtils - Failed to get the schema name: null/, 'said of each answer with a named example'],
  [
    /Ignoring complex example on request body/,
    'the example of a body is not repeated in the comment of a method'
  ]
]
