import { h } from '../lib/dom.js'

export const auditPage = () => ({ title: 'audit', node: h('section', { class: 'page' }, h('h1', { tabindex: '-1' }, 'audit')) })
