const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;'
}

/** Returns text as it is written in markup and in quoted attributes. */
export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => ENTITIES[character] as string)

/** Markup, which `html` inserts as it is. */
export class Html {
  readonly markup: string

  constructor(markup: string) {
    this.markup = markup
  }
}

type Part = Html | string | number | readonly Part[]

const render = (part: Part): string => {
  if (part instanceof Html) {
    return part.markup
  }
  return typeof part === 'object' ? part.map(render).join('') : escapeHtml(String(part))
}

/** Markup with values: text is escaped, markup is inserted as it is, lists are joined. */
export const html = (strings: TemplateStringsArray, ...values: Part[]): Html =>
  new Html(String.raw({ raw: strings }, ...values.map(render)))

const URL_IN_TEXT = /(https?:\/\/[^\s<>"']*[^\s<>"'.,;:!?)])/

/** Text in which each URL is a link. */
export const linkify = (text: string): Html =>
  html`${text.split(URL_IN_TEXT).map((part, i) => (i % 2 === 1 ? html`<a href="${part}">${part}</a>` : part))}`
