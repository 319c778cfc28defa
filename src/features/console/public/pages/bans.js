import { h } from '../lib/dom.js'

export const bansPage = () => ({ title: 'bans', node: h('section', { class: 'page' }, h('h1', { tabindex: '-1' }, 'bans')) })
