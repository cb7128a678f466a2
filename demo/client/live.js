// The socket to the session's object, in an application without a build. edge-session/live/client also reconnects.

const MAX_TOLD = 8

/** @type {WebSocket | undefined} */
let socket

/** Opens the socket, if the page has a session and no socket yet. @param {() => void} look reads the page again */
export function keepConnected(look) {
  const path = document.querySelector('[data-connect]')?.getAttribute('data-connect')
  if (path == null || socket !== undefined) return
  const current = new WebSocket(location.origin.replace('http', 'ws') + path)
  socket = current
  current.addEventListener('open', () => tell('connected'))
  current.addEventListener('message', ({ data }) => {
    const { type, keys = [], reason = '' } = JSON.parse(data)
    tell(`${type} ${[...keys, reason].join(' ')}`.trim())
    if (type !== 'ended') return
    // Chromium tells of the close later.
    socket = undefined
    look()
  })
  current.addEventListener('close', () => {
    if (socket === current) socket = undefined
  })
}

/** @param {string} text */
function tell(text) {
  const list = document.getElementById('told')
  if (list === null) return
  const item = document.createElement('li')
  item.textContent = text
  list.prepend(item)
  while (list.children.length > MAX_TOLD) list.lastElementChild?.remove()
}
