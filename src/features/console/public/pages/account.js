import { h } from '../lib/dom.js'

export const accountPage = () => ({ title: 'account', node: h('section', { class: 'page' }, h('h1', { tabindex: '-1' }, 'account')) })
