import { h } from './dom.js'

/** Texts as long as this wait for each other, so that many of them do not keep the page from answering. */
const LONG = 1000
/** Shapes that nobody writes by hand, with which a short text would make millions of cells or freeze the page. */
const MAX_CELLS = 20_000
const MAX_DEPTH = 40

let library
let turn = Promise.resolve()

/**
 * Shows Markdown in a node: at once as text, then rendered. No markup is made from text: the library only reads, and
 * each element is created here, so that HTML in the text stays text. `inText(text)` may put nodes into plain text.
 */
export function markdownNode(text, { inText = (plain) => plain, kind = '' } = {}) {
  const node = h('div', { class: `markdown markdown-plain ${kind}`.trim() }, text)
  showRendered(node, text, inText)
  return node
}

async function showRendered(node, text, inText) {
  if (mayHaveTooManyCells(text)) {
    return
  }
  try {
    library ??= import('../vendor/marked/marked.esm.js')
    const { lexer } = await library
    if (text.length > LONG) {
      turn = turn.then(() => new Promise((resolve) => setTimeout(resolve)))
      await turn
    }
    const tokens = lexer(text, { gfm: true, breaks: true })
    if (isDeeperThan(MAX_DEPTH, tokens)) {
      return
    }
    const nodes = render(tokens, inText)
    node.replaceChildren(...nodes.flat(Infinity).filter((one) => one !== null && one !== undefined))
    node.classList.remove('markdown-plain')
  } catch {
    // What cannot be loaded, or is nested too deeply, stays as it was written.
    library = undefined
  }
}

/** Every row of a table gets as many cells as its header has, whatever it says itself. */
function mayHaveTooManyCells(text) {
  const lines = text.split('\n')
  const widest = Math.max(...lines.map((line) => line.split('|').length - 1))
  return widest * lines.length > MAX_CELLS
}

const isDeeperThan = (depth, tokens) =>
  tokens.some(
    (token) =>
      depth === 0 || isDeeperThan(depth - 1, [...(token.tokens ?? []), ...(token.items ?? [])])
  )

/** Returns the nodes of tokens. */
const render = (tokens, inText) =>
  tokens.map((token) => (RENDERERS[token.type] ?? plain)(token, inText))

const plain = ({ tokens, text, raw }, inText) =>
  tokens ? render(tokens, inText) : inText(decode(text ?? raw))
const element = (tag) => (token, inText) => h(tag, {}, render(token.tokens, inText))

const RENDERERS = {
  space: () => null,
  def: () => null,
  br: () => h('br', {}),
  hr: () => h('hr', {}),
  paragraph: element('p'),
  blockquote: element('blockquote'),
  strong: element('strong'),
  em: element('em'),
  del: element('del'),
  // A page has a structure of its own, in which the headings of a text are all below the same one.
  heading: (token, inText) => h('h3', { 'data-depth': token.depth }, render(token.tokens, inText)),
  code: ({ text }) => h('pre', { tabindex: '0' }, h('code', {}, text)),
  codespan: ({ text }) => h('code', {}, text),
  escape: ({ text }) => text,
  html: ({ text, block }) => (block ? h('p', {}, text) : text),
  checkbox: ({ checked }) => h('span', { class: 'check-mark' }, checked ? '☑ ' : '☐ '),
  list: (token, inText) =>
    h(
      token.ordered ? 'ol' : 'ul',
      token.ordered && token.start !== 1 ? { start: token.start } : {},
      token.items.map((item) =>
        h('li', { class: item.task && 'task-item' }, render(item.tokens, inText))
      )
    ),
  table: ({ header, rows }, inText) => {
    const cells = (tag, row) => row.map(({ tokens }) => h(tag, {}, render(tokens, inText)))
    return h(
      'div',
      { class: 'table-box', tabindex: '0' },
      h(
        'table',
        {},
        h('thead', {}, h('tr', {}, cells('th', header))),
        h(
          'tbody',
          {},
          rows.map((row) => h('tr', {}, cells('td', row)))
        )
      )
    )
  },
  link: ({ href, tokens }) =>
    linkNode(
      href,
      render(tokens, (plain) => plain)
    ),
  // An image of another server would tell it who reads the text.
  image: ({ href, text }) => linkNode(href, `🖼 ${decode(text) || href}`)
}

/** Only addresses that open a page or a mail are links; others, which could run something, are text. */
function linkNode(href, content) {
  const address = decode(href)
  return /^(https?:\/\/|mailto:)/i.test(address)
    ? h('a', { href: address, target: '_blank', rel: 'noopener noreferrer nofollow' }, content)
    : h('span', { title: address }, content)
}

const ENTITIES = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\u00a0' }

/** Reads the references that HTML has for characters. */
const decode = (text) =>
  text.replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|(\w{2,8}));/gi, (all, decimal, hex, name) => {
    if (name) {
      return ENTITIES[name] ?? all
    }
    const code = decimal ? Number(decimal) : Number.parseInt(hex, 16)
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : all
  })
