import { h } from '../../lib/dom.js'
import { mayIn, projectHash } from '../../lib/projects.js'
import { actions, page, setPageTitle } from '../../ui/page.js'
import { addPeoplePanel } from './add-people.js'
import { openInvitationsPanel } from './invitations.js'
import { membersPanel } from './members.js'
import { pageOfProject } from './page.js'

/** Shows who belongs to a project, and lets its admins add, invite and remove people. */
export const membersPage = (_query, id) =>
  pageOfProject(id, (project) => {
    const titleOf = ({ name }) => `Members of “${name}”`
    const title = h('span', {}, titleOf(project))
    const members = membersPanel(project)
    const invitations = mayIn(project, 'admin') ? openInvitationsPanel(project) : undefined
    const toTasks = h('a', { class: 'button button-small', href: projectHash(project) }, 'Tasks')
    return {
      title: titleOf(project),
      update: (next) => {
        title.textContent = titleOf(next)
        setPageTitle(titleOf(next))
      },
      node: page(
        { title, beside: actions(toTasks) },
        invitations &&
          addPeoplePanel(project, {
            isMember: members.isListed,
            onAdded: members.reload,
            onInvited: invitations.reload
          }),
        members.node,
        invitations?.node
      ),
      stop: () => {
        members.stop()
        invitations?.stop()
      }
    }
  })
