import type { FeatureSession } from '../request/feature.ts'

/** The types of data of `Clear-Site-Data` (W3C: Clear Site Data; the last two are Chromium's, for speculations). */
export const CLEAR_SITE_DIRECTIVES = [
  'cache',
  'cookies',
  'storage',
  'executionContexts',
  'clientHints',
  'prefetchCache',
  'prerenderCache',
  '*',
] as const

/** A type of data that `Clear-Site-Data` deletes in the browser. */
export type ClearSiteDirective = (typeof CLEAR_SITE_DIRECTIVES)[number]

/**
 * Makes the response to a sign-out clear this data. Browsers apply `"cookies"` and `"*"` to the cookies of the same
 * response too, so if the response sets one, `"cookies"` is left out, with the event `cookies-kept`.
 */
export function clearSiteData(
  session: FeatureSession,
  directives: readonly ClearSiteDirective[],
): void {
  const kept = withoutCookies(directives)
  let isReported = false
  const setsCookie = (headers: Headers): boolean => {
    // Features may still add cookies after this.
    const added = session.headers.filter(
      ([name, , applies]) => name === 'Set-Cookie' && applies?.(headers) !== false,
    )
    return [...headers.getSetCookie(), ...added.map(([, value]) => value)].some(isKept)
  }
  const keeps = (headers: Headers): boolean => {
    const isConflict = kept !== directives && setsCookie(headers)
    if (isConflict && !isReported) {
      session.settings.emit({ type: 'cookies-kept', id: session.id })
      isReported = true
    }
    return isConflict
  }
  for (const [list, applies] of [
    [directives, (headers: Headers) => !keeps(headers)],
    [kept, keeps],
  ] as const) {
    if (list.length > 0) session.headers.push(['Clear-Site-Data', headerOf(list), applies])
  }
}

/** Returns the list without cookies; the same list if it has none. */
function withoutCookies(directives: readonly ClearSiteDirective[]): readonly ClearSiteDirective[] {
  const all: readonly ClearSiteDirective[] = directives.includes('*')
    ? CLEAR_SITE_DIRECTIVES.filter((directive) => directive !== '*')
    : directives
  return all.includes('cookies') ? all.filter((directive) => directive !== 'cookies') : directives
}

function headerOf(directives: readonly ClearSiteDirective[]): string {
  return directives.map((directive) => `"${directive}"`).join(', ')
}

/** True if a Set-Cookie value stores a cookie instead of deleting one. */
function isKept(setting: string): boolean {
  const maxAge = /;\s*max-age\s*=\s*(-?\d+)/i.exec(setting)?.[1]
  if (maxAge !== undefined) return Number(maxAge) > 0
  // A date without a time is invalid (RFC 6265bis section 5.1.1), and browsers ignore it.
  const expires = /;\s*expires\s*=\s*([^;]*\d:\d[^;]*)/i.exec(setting)?.[1]
  return !(expires !== undefined && Date.parse(expires) <= Date.now())
}
