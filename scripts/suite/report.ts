/** A file that has come to its end: its lines of TAP and, if its process ended before it, how. */
export interface Ended {
  file: string
  lines: string[]
  lost?: string
}

/** Lines about where tap runs a test, which are left out. */
const SYSTEM =
  /^ *(- --import|- --enable|tapCaught|lineNumber|columnNumber|at:|typeName|functionName|callSiteFunctionName|fileName)/

export interface Report {
  passed: number
  failed: number
  skipped: number
  /** Prints and counts a file and its tests. */
  add(ended: Ended): void
  /** Prints and counts what has failed in a process after the end of its files. */
  addRest(lines: string[]): void
  /** Prints and counts a failure that is not a test's. */
  fail(text: string): void
}

/** Names each file when it has ended, and shows its failed assertions with their diagnostics. */
export function createReport(fileCount: number): Report {
  const report = { passed: 0, failed: 0, skipped: 0, add, addRest, fail }
  let done = 0

  function fail(text: string): void {
    report.failed++
    console.log(`FAILED  ${text}`)
  }

  function add({ file, lines, lost }: Ended): void {
    const failedBefore = report.failed
    const results = resultsOf(lines)
    const own = results.find(({ depth, title }) => depth === 0 && title.startsWith(`${file} #`))
    for (const result of results) {
      if (result !== own) {
        show(result)
      }
    }
    if (lost !== undefined) {
      fail(`${file}: ${lost}`)
    } else if (own?.hasFailed !== false && report.failed === failedBefore) {
      fail(`${file}: not one of its tests, but the file`)
    }
    done++
    const state = report.failed > failedBefore ? 'FAILED' : '    ok'
    const title = own?.title.replace(/ # time=/, '  ') ?? file
    console.log(`${state}  ${title}${fileCount > 1 ? `  [${done}/${fileCount}]` : ''}`)
  }

  function addRest(lines: string[]): void {
    for (const result of resultsOf(lines)) {
      show(result)
    }
  }

  /** Counts a test, or what has failed outside of tests. Of a test's assertions only those that failed appear. */
  function show({ depth, line, title, hasFailed, diagnostics }: Result): void {
    if (depth > 1) {
      if (hasFailed) {
        console.log(line)
      }
    } else if (/ # (SKIP|TODO)/i.test(title)) {
      report.skipped++
      console.log(`  skip  ${title}`)
    } else if (hasFailed) {
      fail(title)
    } else {
      report.passed++
    }
    for (const detail of diagnostics) {
      console.log(detail)
    }
  }
  return report
}

interface Result {
  /** 0 for a file, 1 for its tests, more for their assertions. */
  depth: number
  line: string
  title: string
  hasFailed: boolean
  diagnostics: string[]
}

/** Returns the results in lines of TAP; the diagnostics only of those that failed. */
function resultsOf(lines: string[]): Result[] {
  const results: Result[] = []
  let inDiagnostics = false
  for (const line of lines) {
    const last = results.at(-1)
    const [, indent = '', not, title = ''] = /^( *)(not )?ok \d+ - (.*)$/.exec(line) ?? []
    if (inDiagnostics) {
      if (last?.hasFailed && !SYSTEM.test(line)) {
        last.diagnostics.push(line)
      }
      inDiagnostics = line.trim() !== '...'
    } else if (line.trim() === '---') {
      inDiagnostics = true
    } else if (title !== '') {
      const hasFailed = Boolean(not)
      results.push({ depth: indent.length / 4, line, title, hasFailed, diagnostics: [] })
    }
  }
  return results
}
