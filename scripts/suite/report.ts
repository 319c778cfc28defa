/** A file that has come to its end: its lines of TAP and, if its process ended before it, how. */
export interface Ended {
  file: string
  lines: string[]
  lost?: string
}

/** Lines about where tap runs a test, which are left out. */
const SYSTEM =
  /^ *(- --import|- --enable|tapCaught|lineNumber|columnNumber|at:|typeName|functionName|callSiteFunctionName|fileName)/

interface Counts {
  passed: number
  failed: number
  skipped: number
}

export interface Report {
  /** Returns how many tests have passed, failed and were skipped. Of a file that ran twice its second run counts. */
  totals(): Counts
  /** Returns the files of which something has failed. */
  failedFiles(): string[]
  /** Prints and counts a file and its tests. */
  add(ended: Ended): void
  /** Prints and counts what has failed in a process after the end of its files. */
  addRest(lines: string[]): void
  /** Counts a test that has passed and is in no file. */
  pass(): void
  /** Prints and counts a failure that is in no file. */
  fail(text: string): void
}

/** Names each file when it has ended, and shows its failed assertions with their diagnostics. */
export function createReport(fileCount: number): Report {
  const outside: Counts = { passed: 0, failed: 0, skipped: 0 }
  const byFile = new Map<string, Counts>()

  function add({ file, lines, lost }: Ended): void {
    const counts: Counts = { passed: 0, failed: 0, skipped: 0 }
    byFile.set(file, counts)
    const results = resultsOf(lines)
    const own = results.find(({ depth, title }) => depth === 0 && title.startsWith(`${file} #`))
    for (const result of results) {
      if (result !== own) {
        show(result, counts)
      }
    }
    if (lost !== undefined) {
      fail(`${file}: ${lost}`, counts)
    } else if (own?.hasFailed !== false && counts.failed === 0) {
      fail(`${file}: not one of its tests, but the file`, counts)
    }
    const state = counts.failed > 0 ? 'FAILED' : '    ok'
    const title = own?.title.replace(/ # time=/, '  ') ?? file
    console.log(`${state}  ${title}${fileCount > 1 ? `  [${byFile.size}/${fileCount}]` : ''}`)
  }

  return {
    add,
    addRest(lines) {
      for (const result of resultsOf(lines)) {
        show(result, outside)
      }
    },
    pass: () => void outside.passed++,
    fail: (text) => fail(text, outside),
    failedFiles: () => [...byFile.keys()].filter((file) => (byFile.get(file)?.failed ?? 0) > 0),
    totals() {
      const all = [outside, ...byFile.values()]
      const sum = (name: keyof Counts) => all.reduce((total, counts) => total + counts[name], 0)
      return { passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped') }
    }
  }
}

function fail(text: string, counts: Counts): void {
  counts.failed++
  console.log(`FAILED  ${text}`)
}

/** Counts a test, or what has failed outside of tests. Of a test's assertions only those that failed appear. */
function show({ depth, line, title, hasFailed, diagnostics }: Result, counts: Counts): void {
  if (depth > 1) {
    if (hasFailed) {
      console.log(line)
    }
  } else if (/ # (SKIP|TODO)/i.test(title)) {
    counts.skipped++
    console.log(`  skip  ${title}`)
  } else if (hasFailed) {
    fail(title, counts)
  } else {
    counts.passed++
  }
  for (const detail of diagnostics) {
    console.log(detail)
  }
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
