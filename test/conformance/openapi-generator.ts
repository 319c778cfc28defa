import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { versions } from '../support/tools.ts'
import type { Language } from './language.ts'
import { CACHE, CONTRACT_3_0 } from './paths.ts'
import type { Runner } from './runner.ts'

const JAR = join(CACHE, `openapi-generator-cli-${versions['openapi-generator']}.jar`)
const COMMON_PROPERTIES =
  'disallowAdditionalPropertiesIfNotPresent=false,hideGenerationTimestamp=true'

/** Downloads the generator with Maven, once for all languages, and verifies its pinned digest. */
export function installOpenapiGenerator(run: Runner): Promise<void> {
  installed ??= downloadPinned(run)
  return installed
}
let installed: Promise<void> | undefined

async function downloadPinned(run: Runner): Promise<void> {
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
  const digest = createHash('sha256').update(readFileSync(JAR)).digest('hex')
  if (digest !== versions['openapi-generator sha256']) {
    throw new Error(`${JAR} does not have the pinned digest.`)
  }
}

/** Generates from the 3.0 contract, since not all of its languages read 3.1. `options` are those of the language. */
export function openapiGenerator(
  run: Runner,
  generator: string,
  output: string,
  options: Record<string, string | boolean> = {},
  extraArgs: string[] = []
): Promise<string> {
  const properties = Object.entries(options)
    .map(([name, value]) => `,${name}=${value}`)
    .join('')
  return run('java', [
    '-jar',
    JAR,
    'generate',
    '--input-spec',
    CONTRACT_3_0,
    '--generator-name',
    generator,
    '--output',
    output,
    '--strict-spec',
    'true',
    '--additional-properties',
    COMMON_PROPERTIES + properties,
    '--global-property',
    'apiTests=false,modelTests=false,apiDocs=false,modelDocs=false',
    ...extraArgs
  ])
}

/** Warnings for any contract with examples, headers or media types; none of them affects the client. */
export const TOLERATED_WARNINGS: NonNullable<Language['toleratedWarnings']> = [
  [
    /ModelUtils - Failed to get the schema name: null/,
    'printed for each response with a named example'
  ],
  [
    /Ignoring complex example on request body/,
    'the example of a body is left out of the comment of its method'
  ]
]
