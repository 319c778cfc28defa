/** What Markdown writes around words, and what stays of it. */
const MARKS = [
  // Fences of code, lines between parts, and lines that frame a table.
  [/^ {0,3}(```+|~~~+).*$|^ {0,3}([-*_] ?){3,}$|^ *\|?[ :|-]+\|[ :|-]*$/gm, ''],
  // Headings, quotes and lists.
  [/^ {0,3}(#{1,6} +|(> ?)+|[-*+] +(\[[ xX]\] +)?|\d{1,9}[.)] +)/gm, ''],
  [/!?\[([^\]\n]+)\]\([^)\s]+\)/g, '$1'],
  [/(\*\*|__|~~)(?=\S)([^\n]*?\S)\1/g, '$2'],
  [/(?<![\w*])\*(?=\S)([^*\n]*?[^\s*])\*(?![\w*])/g, '$1'],
  [/(?<![\w_])_(?=\S)([^_\n]*?[^\s_])_(?![\w_])/g, '$1'],
  [/`([^`\n]+)`/g, '$1']
]
/** More than a row shows. */
const LONG = 500

/** Returns the beginning of a text in Markdown on one line, without its marks. */
export const plainText = (markdown) =>
  MARKS.reduce((text, [mark, instead]) => text.replace(mark, instead), markdown.slice(0, LONG))
    .replace(/\s+/g, ' ')
    .trim()
