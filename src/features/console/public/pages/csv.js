import { h } from '../lib/dom.js'

export const csvPage = () => ({ title: 'csv', node: h('section', { class: 'page' }, h('h1', { tabindex: '-1' }, 'csv')) })
