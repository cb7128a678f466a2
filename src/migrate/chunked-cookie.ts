import { decodedCookie } from './decoded-cookie.ts'

/**
 * Returns the names and texts of a large cookie's parts (`name.0`, `name.1`, …), up to the first that is missing or
 * empty, at most `max`.
 */
export function chunksOf(
  header: string,
  name: string,
  max: number,
): (readonly [name: string, text: string])[] {
  const chunks: (readonly [string, string])[] = []
  while (chunks.length < max) {
    const chunk = `${name}.${chunks.length}`
    const text = decodedCookie(header, chunk)
    if (text === undefined || text === '') break
    chunks.push([chunk, text])
  }
  return chunks
}

/** Returns the text of the cookie with this name, or else its joined parts. Returns `undefined` if there is none. */
export function wholeCookie(header: string, name: string, max: number): string | undefined {
  const whole = decodedCookie(header, name)
  if (whole !== undefined && whole !== '') return whole
  const chunks = chunksOf(header, name, max)
  return chunks.length === 0 ? whole : chunks.map(([, text]) => text).join('')
}
