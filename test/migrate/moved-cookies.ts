/** Returns name and value of a Set-Cookie header. */
export function pairOf(setCookie: string): readonly [name: string, value: string] {
  const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(setCookie) ?? []
  return [name, value]
}

/** Returns the Cookie header that a browser makes of Set-Cookie headers. */
export function cookieHeader(setCookies: readonly string[]): string {
  return setCookies.map((setCookie) => pairOf(setCookie).join('=')).join('; ')
}

/** Returns the text with the character at this place replaced by another one of the same kind. Counts from the end if negative. */
export function forgedAt(text: string, place: number): string {
  const at = place < 0 ? text.length + place : place
  const other = text[at] === 'A' ? 'B' : 'A'
  return text.slice(0, at) + other + text.slice(at + 1)
}
