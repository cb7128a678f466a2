import { asciiOf } from './next-path.ts'

/** Returns a redirect to the sign-in page. If the page is on another origin, `next` is the full address. */
export function redirectToLogin(
  loginUrl: string,
  { href, origin, pathname, search }: URL,
): Response {
  const isElsewhere = new URL(loginUrl, href).origin !== origin
  const next = encodeURIComponent(isElsewhere ? href : pathname + search)
  const location = `${asciiOf(loginUrl)}${loginUrl.includes('?') ? '&' : '?'}next=${next}`
  return new Response(null, {
    status: 302,
    headers: { Location: location, 'Cache-Control': 'private, no-store' },
  })
}
