import { fetched } from './cookie-sequences.ts'
import type { Sequence } from './cookie-server.ts'

const NAMES = ['a', 'b', 'A', '__Host-a', '__Secure-a', '__host-b', '__Http-a', 'a.b']
const VALUES = ['1', '2', '', '"3"', 'x=y', '%20', '4 5']
const ATTRIBUTES: readonly (readonly string[])[] = [
  ['Path=/', 'Path=/x', 'path=/x/', 'Path=/x/y', 'Path=', 'Path = /', 'Path=/other', 'Path=x'],
  ['Domain=site.test', 'Domain=.site.test', 'domain=SITE.TEST', 'Domain=', 'Domain=test'],
  ['Max-Age=0', 'Max-Age=1000', 'max-age=-5', 'Max-Age=x', 'Max-Age=99999999999', 'Max-Age='],
  [
    'Expires=Thu, 01 Jan 1970 00:00:00 GMT',
    'expires=Fri, 31 Dec 2055 23:59:59 GMT',
    'Expires=Friday, 31-Dec-55 23:59:59 GMT',
    'Expires=Fri Dec 31 23:59:59 2055',
    'Expires=0',
    'Expires=2055-12-31T23:59:59Z',
    'Expires=',
  ],
  ['Secure', 'secure', 'SECURE=', 'Secure', 'Secure=x'],
  ['HttpOnly', 'httponly=no', 'HttpOnly'],
  ['SameSite=Lax', 'SameSite=none', 'samesite=STRICT', 'SameSite=x', 'SameSite'],
  ['Partitioned', 'partitioned=', 'Partitioned'],
  ['Priority=High', '', ' ', 'Version=1', 'x'],
]

/** Sequences of Set-Cookie headers that are put together at random, the same ones for the same seed. */
export function generateSequences(count: number, seed: number): Sequence[] {
  let state = seed
  // Numerical Recipes, section 7.1: it is enough for a choice among few.
  const below = (limit: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
  const one = (list: readonly string[]): string => list[below(list.length)] ?? ''
  const line = (): string => {
    const chosen = Array.from({ length: below(6) }, () => one(ATTRIBUTES[below(9)] ?? []))
    const separator = one(['; ', ';', ' ; '])
    return [`${one(NAMES)}=${one(VALUES)}`, ...chosen].join(separator)
  }
  return Array.from({ length: count }, () =>
    fetched(Array.from({ length: 1 + below(4) }, () => line())),
  )
}
