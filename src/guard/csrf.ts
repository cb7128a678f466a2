import { decodeBase64url, encodeBase64url } from '../codec/base64url.ts'
import type { Keyring } from '../codec/keyring.ts'
import { sign, verify } from '../codec/mac.ts'
import { SessionError } from '../errors.ts'
import { requestSessionOf } from '../request/lifecycle.ts'
import { problem } from '../request/problem.ts'
import { isForeign, originOf } from './request-origin.ts'
import { sessionOf } from './session-of.ts'

export interface CsrfOptions {
  /** Other origins that may send requests, such as `https://accounts.example`. Default none. */
  readonly trustedOrigins?: readonly string[]
  /** The form field with the token. Default `csrf`. */
  readonly field?: string
  /** The header with the token, for requests by script. Default `X-CSRF-Token`. */
  readonly header?: string
  /** Whether every request that changes something needs the token, not only one of a browser that says nothing. */
  readonly requireToken?: boolean
}

/** Wraps a handler inside `withSession`; it runs only for requests that no other site has caused. */
export type CsrfGuard = <R extends Request, S extends object, Env, Context, Result>(
  handler: (
    request: R & { readonly session: S },
    env: Env,
    ctx: Context,
  ) => Result | Promise<Result>,
) => (request: R & { readonly session: S }, env: Env, ctx: Context) => Promise<Response | Result>

/** Methods that change nothing (RFC 9110 section 9.2.1). */
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE'])
/** A form is read twice, once for its token; what is larger has to say its token in the header. */
const MAX_FORM_BYTES = 10_000_000
const MASK_BYTES = 32

/**
 * A token for forms and scripts, bound to this session: until it ends, signs somebody in, or is regenerated. Another text
 * each time, so that compression tells nobody what it is (BREACH). Make it after the session's last change of token.
 */
export async function csrfToken(session: object): Promise<string> {
  const own = requestSessionOf(session)
  own.markUsed()
  await own.arrive()
  const [newest] = own.keyring
  const mac = decodeBase64url(await sign(await newest.keyFor('csrf'), own.csrfSubject))
  const mask = crypto.getRandomValues(new Uint8Array(MASK_BYTES))
  return encodeBase64url(Uint8Array.of(...mask, ...masked(mac, mask)))
}

/**
 * A guard against requests that another site has the visitor's browser send (OWASP: cross-site request forgery):
 * `withSession(csrfGuard()(handler))`. What the browser says of the request's origin decides, as in Go's
 * CrossOriginProtection: `Sec-Fetch-Site`, or else `Origin`. Of a request that says nothing the token decides, if the
 * visitor has a session; whoever has none has nothing to lose. Refused is with 403 and an event. The handler can read the
 * body as if nobody had.
 */
export function csrfGuard(options: CsrfOptions = {}): CsrfGuard {
  const { trustedOrigins = [], requireToken = false } = options
  const wrong = trustedOrigins.find((origin) => originOf(origin) !== origin)
  if (wrong !== undefined) {
    throw new SessionError(
      'ERR_OPTION',
      `trustedOrigins has ${JSON.stringify(wrong)}. An origin is written https://accounts.example, without a path.`,
    )
  }

  return (handler) => async (request, env, ctx) => {
    if (SAFE_METHODS.has(request.method)) return handler(request, env, ctx)
    const session = requestSessionOf(sessionOf(request))
    const foreign = isForeign(request, trustedOrigins)
    if (foreign === true) return refuse(session, 'cross-origin')
    const mayLose = foreign === undefined && session.hasCredentials
    const needsToken = requireToken || mayLose
    if (needsToken && !(await hasToken(session, request, options))) return refuse(session, 'csrf')
    return handler(request, env, ctx)
  }
}

type RequestSession = ReturnType<typeof requestSessionOf>

function refuse(session: RequestSession, reason: 'cross-origin' | 'csrf'): Response {
  session.report({ type: 'refused', reason, id: session.id })
  return reason === 'csrf'
    ? problem(403, 'Forbidden', 'ERR_CSRF', 'The form is out of date. Load its page again.')
    : problem(403, 'Forbidden', 'ERR_CROSS_ORIGIN', 'Another site has sent this request.')
}

async function hasToken(
  session: RequestSession,
  request: Request,
  options: CsrfOptions,
): Promise<boolean> {
  const { header = 'X-CSRF-Token', field = 'csrf' } = options
  const token = request.headers.get(header) ?? (await fieldOf(request, field))
  session.markUsed()
  await session.arrive()
  return token !== undefined && isToken(session.keyring, session.csrfSubject, token)
}

/** Whether any key has made the token: one of an older secret is as good. */
async function isToken(keyring: Keyring, subject: string, token: string): Promise<boolean> {
  // 64 bytes, in their one spelling.
  if (!/^[\w-]{85}[AQgw]$/.test(token)) return false
  const bytes = decodeBase64url(token)
  const mask = bytes.slice(0, MASK_BYTES)
  const mac = encodeBase64url(masked(bytes.slice(MASK_BYTES), mask))
  const verdicts = keyring.map(async ({ keyFor }) => verify(await keyFor('csrf'), mac, subject))
  return (await Promise.all(verdicts)).includes(true)
}

function masked(bytes: Uint8Array, mask: Uint8Array): Uint8Array {
  return bytes.map((byte, index) => byte ^ (mask[index] ?? 0))
}

/** A form's field, out of a copy of the body. A body that is no form has none. */
async function fieldOf(request: Request, field: string): Promise<string | undefined> {
  const type = request.headers.get('content-type') ?? ''
  const isForm = /^(application\/x-www-form-urlencoded|multipart\/form-data)\b/i.test(type)
  const isTooLarge = Number(request.headers.get('content-length') ?? 0) > MAX_FORM_BYTES
  if (!isForm || isTooLarge || request.bodyUsed) return undefined
  try {
    const value = (await request.clone().formData()).get(field)
    return typeof value === 'string' ? value : undefined
  } catch {
    // A form that can't be read has no token.
    return undefined
  }
}
