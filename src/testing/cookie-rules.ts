import { attributesOf, byteLength, type Cookie } from './set-cookie.ts'

/** Browsers accept Secure cookies from these hosts over http, since local traffic cannot be intercepted. */
const LOCAL_HOST = /^(([\w-]+\.)*localhost|127(\.\d+){3}|\[::1\])$/
const IP_ADDRESS = /^(\d+(\.\d+){3}|\[.*\])$/
/** RFC 6265bis section 5.6: the maximum size of name and value together. */
const MAX_BYTES = 4096

/** True if a browser keeps and sends Secure cookies for this address. */
export function isSafe({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || LOCAL_HOST.test(hostname)
}

/** Returns the site of a host: its last two labels, since there is no list of public suffixes. */
export function siteOf(host: string): string {
  return IP_ADDRESS.test(host) ? host : host.split('.').slice(-2).join('.')
}

/** True if the host is the domain or one of its subdomains (RFC 6265bis section 5.1.3). */
export function isWithin(host: string, domain: string): boolean {
  return host === domain || (host.endsWith(`.${domain}`) && !IP_ADDRESS.test(host))
}

/** True if a cookie is sent to this host (RFC 6265bis section 5.8.3). */
export function matchesHost({ domain, hostOnly }: Cookie, host: string): boolean {
  return hostOnly ? host === domain : isWithin(host, domain)
}

/** RFC 6265bis section 5.1.4. */
export function matchesPath({ path }: Cookie, pathname: string): boolean {
  if (!pathname.startsWith(path)) return false
  return path.endsWith('/') || pathname.length === path.length || pathname[path.length] === '/'
}

/**
 * Returns the reason that a browser would not keep a cookie from this address (RFC 6265bis section 5.7), or `undefined`
 * if it would. There is no list of public suffixes: a domain with a single label counts as one.
 */
export function refusalOf(cookie: Cookie, url: URL, setCookie: string): string | undefined {
  return faultsOf(cookie, url, setCookie).find(([isWrong]) => isWrong)?.[1]
}

function faultsOf(
  cookie: Cookie,
  url: URL,
  setCookie: string,
): [isWrong: boolean, reason: string][] {
  const { name, value, domain, path, hostOnly, secure, sameSite, partitioned } = cookie
  const isOwn = hostOnly || matchesHost(cookie, url.hostname)
  const isSuffix = !domain.includes('.') && domain !== url.hostname
  return [
    // oxlint-disable-next-line no-control-regex -- these are what is refused
    [/[\0-\x08\x0A-\x1F\x7F]/.test(setCookie), 'it has a control character'],
    [path.includes('\t'), 'its Path has a tab'],
    [name + value === '', 'it has neither name nor value'],
    [byteLength(name + value) > MAX_BYTES, `name and value have more than ${MAX_BYTES} bytes`],
    [name === '' && PREFIX.test(value), 'it has no name, and its value begins with a prefix'],
    [name === '' && value.includes('='), 'it has no name, and its value has a ='],
    [!isOwn || isSuffix, `Domain=${domain} is not a domain of ${url.hostname}`],
    [secure && !isSafe(url), 'Secure is refused over plain http'],
    [sameSite === 'None' && !secure, 'SameSite=None needs Secure'],
    [partitioned && !secure, 'Partitioned needs Secure'],
    ...prefixFaultsOf(cookie, setCookie),
  ]
}

const PREFIX = /^__(host|secure|http|host-http)-/i

/** RFC 6265bis section 5.4: browsers match the prefixes without regard to case. */
function prefixFaultsOf(
  { name, path, secure, hostOnly, httpOnly }: Cookie,
  setCookie: string,
): [isWrong: boolean, reason: string][] {
  const isOfHost = /^__host-/i.test(name)
  const hasRootPath = path === '/' && attributesOf(setCookie).has('path')
  return [
    [PREFIX.test(name) && !secure, 'its prefix needs Secure'],
    [isOfHost && !hostOnly, '__Host- takes no Domain'],
    [isOfHost && !hasRootPath, '__Host- needs Path=/'],
    [/^__(host-)?http-/i.test(name) && !httpOnly, '__Http- needs HttpOnly'],
  ]
}
