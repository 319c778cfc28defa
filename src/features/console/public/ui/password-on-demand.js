import { field } from './form.js'

/**
 * Creates a password field that is hidden until the server asks for the password, which it does some minutes after it
 * was last entered. `body()` is what it adds to the body of a request.
 */
export function passwordOnDemand() {
  const password = field({
    label: 'Your password',
    name: 'current_password',
    type: 'password',
    autocomplete: 'current-password',
    hint: 'You last entered it more than five minutes ago.'
  })
  password.node.hidden = true
  const hide = () => {
    password.node.hidden = true
    password.input.value = ''
  }
  return {
    ...password,
    hide,
    body: () => (password.input.value === '' ? {} : { current_password: password.input.value }),
    /** Runs a call; shows the field when that is what the call lacks. */
    async during(work) {
      try {
        return await work()
      } catch (error) {
        if (error.code === 'password_required') {
          password.node.hidden = false
        }
        throw error
      }
    }
  }
}
