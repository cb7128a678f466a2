export function connect(): never {
  throw new Error('There are no sockets here.')
}
