import { appendFileSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Where the processes of one run of the suite record the responses they have seen; set by scripts/test.ts. */
const folder = process.env.TASKLANE_MET_ANSWERS
const recorded = new Set<string>()

/**
 * Records for the whole suite that an operation responded with a status. Each process writes a file of its own, a line
 * at a time.
 */
export function recordResponse(operationId: string, status: number): void {
  const pair = `${operationId} ${status}`
  if (folder === undefined || recorded.has(pair)) {
    return
  }
  recorded.add(pair)
  appendFileSync(join(folder, String(process.pid)), `${pair}\n`)
}

/** Documented responses that no test can provoke, as patterns of `operationId status`, each with its reason. */
const EXCEPTIONS: [pairs: RegExp, reason: string][] = [
  [
    / 500$/,
    'A bug of ours: no request provokes it. test/http/problems.test.ts has one on a route of its own.'
  ],
  [
    /^createProjectInvitation 409$/,
    'A repetition during the first request, which cannot be on the one connection of the embedded database.'
  ]
]

/** Returns which of the responses that a contract documents were seen, which are exempt, and which are neither. */
export function responseCoverage(
  document: { paths: Record<string, Record<string, { operationId: string; responses: object }>> },
  from: string
) {
  const met = new Set(
    readdirSync(from).flatMap((file) => readFileSync(join(from, file), 'utf8').split('\n'))
  )
  const named = Object.values(document.paths)
    .flatMap((methods) => Object.values(methods))
    .flatMap(({ operationId, responses }) =>
      Object.keys(responses)
        .filter((status) => status !== 'default')
        .map((status) => `${operationId} ${status}`)
    )
  const isExcepted = (pair: string) => EXCEPTIONS.some(([pairs]) => pairs.test(pair))
  return {
    named: named.length,
    met: named.filter((pair) => met.has(pair)).length,
    excepted: named.filter((pair) => !met.has(pair) && isExcepted(pair)).length,
    unseen: named.filter((pair) => !met.has(pair) && !isExcepted(pair))
  }
}
