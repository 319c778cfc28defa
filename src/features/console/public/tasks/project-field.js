import { h, replace } from '../lib/dom.js'
import { knownProject, loadProjects, mayEditTasksOf } from '../lib/projects.js'
import { field, select } from '../ui/form.js'

/** Creates a select of the projects into which the user may put a task. */
export function projectField(id) {
  const control = select('project_id', options(id, []), { value: id ?? '' })
  loadProjects().then((projects) => {
    const { value } = control
    const nodes = options(id, projects).map(([one, label]) => h('option', { value: one }, label))
    replace(control, nodes)
    control.value = value
  })
  return field({ label: 'Project', name: 'project_id', control })
}

function options(id, projects) {
  const choices = projects.filter((project) => mayEditTasksOf(project) || project.id === id)
  const isListed = id === null || choices.some((project) => project.id === id)
  return [
    ['', 'None, a personal task'],
    ...choices.map((project) => [project.id, project.name]),
    ...(isListed ? [] : [[id, knownProject(id)?.name ?? 'Its project']])
  ]
}
