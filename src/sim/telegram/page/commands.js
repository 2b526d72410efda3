// The list of commands that opens over the field.
import { fill, h } from './dom.js'
import { commandsFor } from './state.js'

/** Shows the commands that begin like `text`; nothing when it is no command. */
export function suggest(element, { text, room, pick }) {
  const found = /^\/(\w*)$/.exec(text)
  const fits =
    found === null
      ? []
      : commandsFor(room).filter((it) => it.command.startsWith(found[1].toLowerCase()))
  listCommands(element, fits, pick)
}

/** All commands, or none. */
export function toggleCommands(element, { room, pick }) {
  if (!element.hidden) element.hidden = true
  else {
    listCommands(element, commandsFor(room), pick)
    element.querySelector('button')?.focus()
  }
}

function listCommands(element, commands, pick) {
  element.hidden = commands.length === 0
  fill(
    element,
    commands.map((it, at) =>
      h(
        'button',
        {
          type: 'button',
          role: 'option',
          class: at === 0 ? 'on' : '',
          'aria-selected': String(at === 0),
          onclick: () => {
            element.hidden = true
            pick(it)
          },
        },
        h('b', {}, `/${it.command}`),
        h('span', {}, it.description),
        it.is_ephemeral && h('small', {}, 'only you'),
      ),
    ),
  )
}

/** Marks one of the options and brings it into sight. */
export function mark(options, at) {
  for (const [place, option] of options.entries()) {
    option.classList.toggle('on', place === at)
    option.setAttribute('aria-selected', String(place === at))
  }
  options[at].scrollIntoView({ block: 'nearest' })
}
