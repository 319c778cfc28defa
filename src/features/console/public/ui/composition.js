/**
 * Keeps the keys of an input method that still converts what was typed from everything that reacts to keys: Enter ends
 * the conversion there and nothing else. Safari says by the code alone that a key is one of these.
 */
addEventListener(
  'keydown',
  (event) => {
    if (event.isComposing || event.keyCode === 229) {
      event.stopImmediatePropagation()
    }
  },
  { capture: true }
)
