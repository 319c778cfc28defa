import { appendFileSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Where the processes of one run of the suite say which answers they met; test/run.ts names it. */
const folder = process.env.TASKLANE_MET_ANSWERS
const noted = new Set<string>()

/** Remembers for the whole suite that an operation answered with a status. Each process writes a file of its own, a line at a time. */
export function recordResponse(operationId: string, status: number): void {
  const pair = `${operationId} ${status}`
  if (folder === undefined || noted.has(pair)) {
    return
  }
  noted.add(pair)
  appendFileSync(join(folder, String(process.pid)), `${pair}\n`)
}

/** Answers that the contract names and no test provokes, each for a reason. The key is a pattern of `operationId status`. */
const EXCEPTIONS: [pairs: RegExp, reason: string][] = [
  [
    / 500$/,
    'a fault of ours: nothing that a caller sends provokes it. test/plugins/problems.test.ts has one on a route of its own.'
  ]
]

/** Which of the pairs that a contract names were met, which are excepted, and which nobody has seen. */
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
