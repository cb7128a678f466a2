// #region gateway
/** Returns the request with one more cookie. `headers.append('Cookie', …)` would join the two by a comma. */
export function withCookie(request: Request, name: string, value: string): Request {
  const headers = new Headers(request.headers)
  const cookies = headers.get('Cookie')
  const own = `${name}=${value}`
  headers.set('Cookie', cookies === null ? own : `${cookies}; ${own}`)
  return new Request(request, { headers })
}
// #endregion gateway
