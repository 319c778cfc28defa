import { h } from '../lib/dom.js'

export const statsPage = () => ({ title: 'stats', node: h('section', { class: 'page' }, h('h1', { tabindex: '-1' }, 'stats')) })
