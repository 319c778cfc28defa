import { navigate } from '../lib/router.js'
import { button } from '../ui/button.js'
import { openDialog } from '../ui/dialog.js'
import { icon } from '../ui/icons.js'
import { toast } from '../ui/toast.js'
import { accessTo } from './access.js'
import { taskForm } from './task-form.js'
import { updateTask } from './update-task.js'

/** Opens a task where it has no row of its own. `onChange(task)` is called after it was changed. */
export function openTask(task, { onChange }) {
  return openDialog({
    title: task.title,
    kind: 'dialog-wide',
    body: (close) => {
      const save = async (change) => {
        const next = Object.keys(change).length > 0 ? await updateTask(task, change) : task
        close()
        if (next !== task) {
          onChange(next)
          toast('Task saved.')
        }
      }
      const openPage = () => {
        close()
        navigate(`/tasks/${task.id}`)
      }
      const moreButtons = button([icon('tasks'), 'Open task'], openPage, { kind: 'button-quiet' })
      const access = accessTo(task)
      const cancel = () => close()
      return taskForm(task, { submitLabel: 'Save', access, save, cancel, moreButtons }).node
    }
  })
}
