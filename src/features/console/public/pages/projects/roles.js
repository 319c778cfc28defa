import { field, select } from '../../ui/form.js'

const ROLES = [
  ['viewer', 'Viewer'],
  ['editor', 'Editor'],
  ['admin', 'Admin']
]

/** Returns the roles that the user may give in a project: those below their own. */
export const rolesToGive = (project) =>
  project.role === 'owner' ? ROLES : ROLES.filter(([role]) => role !== 'admin')

/** The field for the role that somebody gets in a project. */
export const roleField = (project) =>
  field({
    label: 'Role',
    name: 'role',
    control: select('role', rolesToGive(project), { value: 'editor' }),
    hint: 'Viewers read, editors change tasks, admins also manage the project and its members.'
  })
