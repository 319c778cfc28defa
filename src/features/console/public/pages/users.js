import { h } from '../lib/dom.js'

export const usersPage = () => ({ title: 'users', node: h('section', { class: 'page' }, h('h1', { tabindex: '-1' }, 'users')) })
