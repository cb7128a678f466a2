// The sockets to the session's object, in an application without a build. edge-session/live/client also reconnects.

const MAX_TOLD = 6

/** The sockets, by the list that shows their messages. @type {Map<Element, WebSocket>} */
const sockets = new Map()

/** Opens a socket for each list, if the page has a session. @param {() => void} look reads the page again */
export function keepConnected(look) {
  const path = document.querySelector('[data-connect]')?.getAttribute('data-connect')
  if (path == null) return
  for (const list of document.querySelectorAll('[data-told]')) {
    if (!sockets.has(list)) connect(path, list, look)
  }
}

/** @param {string} path @param {Element} list @param {() => void} look */
function connect(path, list, look) {
  const socket = new WebSocket(location.origin.replace('http', 'ws') + path)
  sockets.set(list, socket)
  socket.addEventListener('open', () => tell(list, 'connected'))
  socket.addEventListener('message', ({ data }) => {
    const { type, keys = [], reason = '' } = JSON.parse(data)
    tell(list, `${type} ${[...keys, reason].join(' ')}`.trim())
    if (type !== 'ended') return
    // Chromium reports the close later.
    sockets.delete(list)
    look()
  })
  socket.addEventListener('close', () => {
    if (sockets.get(list) === socket) sockets.delete(list)
  })
}

/** @param {Element} list @param {string} text */
function tell(list, text) {
  const item = document.createElement('li')
  item.textContent = text
  list.prepend(item)
  while (list.children.length > MAX_TOLD) list.lastElementChild?.remove()
}
