// #region page
import { connect, type Connection } from 'edge-session/live/client'

export function follow(show: (text: string) => void): Connection {
  return connect('/live', (event) => {
    if (event.type === 'open') show('connected')
    if (event.type === 'changed') show(`changed: ${event.keys.join(', ')}`)
    if (event.type === 'ended') show(`signed out: ${event.reason}`)
  })
}
// #endregion page
