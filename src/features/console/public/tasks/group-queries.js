import { loadProjects } from '../lib/projects.js'
import { PRIORITIES, STATUSES } from './labels.js'
import { NO_PROJECT } from './task-query.js'

/** Returns the lists that make up one, a list for each group, as `{ key, query }`, within what `query` asks for. */
export async function sectionsOf(grouping, query, { project }) {
  if (grouping === 'status') {
    const isOpen = query.completed === false
    const statuses = Object.keys(STATUSES).filter((key) => !isOpen || key !== 'done')
    const { completed, ...rest } = query
    return within(statuses, query.status?.[0]).map((key) => ({
      key,
      query: { ...rest, status: [key] }
    }))
  }
  if (grouping === 'priority') {
    return within(Object.keys(PRIORITIES).reverse(), query.priority).map((key) => ({
      key,
      query: { ...query, priority: key }
    }))
  }
  if (project !== undefined || query.project_id || query.personal) {
    return [{ key: query.project_id ?? NO_PROJECT, query }]
  }
  const projects = await loadProjects()
  return [
    { key: NO_PROJECT, query: { ...query, personal: true } },
    ...projects.map(({ id }) => ({ key: id, query: { ...query, project_id: id } }))
  ]
}

const within = (keys, chosen) => keys.filter((key) => chosen === undefined || key === chosen)
