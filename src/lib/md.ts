const BLOCK_START = /^([-*#>|]|\d+\. )/

/**
 * Prose for the contract, wrapped beside its route: removes the indentation and joins the lines of a paragraph with a
 * blank. Empty lines between paragraphs stay, and list items and headings keep lines of their own.
 */
export function md(strings: TemplateStringsArray, ...values: unknown[]): string {
  const source = strings.raw.map((part) => part.replaceAll('\\`', '`'))
  const text = String.raw({ raw: source }, ...values).trim()
  return text
    .split(/\n[ \t]*\n/)
    .map((paragraph) =>
      paragraph
        .split('\n')
        .map((line) => line.trim())
        .reduce((whole, line) => whole + (BLOCK_START.test(line) ? '\n' : ' ') + line)
    )
    .join('\n\n')
}
