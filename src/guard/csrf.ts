import { decodeBase64url, encodeBase64url } from '../codec/base64url.ts'
import type { Keyring } from '../codec/keyring.ts'
import { sign, verify } from '../codec/mac.ts'
import { SessionError } from '../errors.ts'
import { requestSessionOf } from '../request/lifecycle.ts'
import { problem } from '../request/problem.ts'
import { tokenInForm } from './form-token.ts'
import { isForeign, originOf } from './request-origin.ts'
import { sessionOf } from './session-of.ts'

export interface CsrfOptions {
  /** Other origins that may send requests, such as `https://accounts.example`. Default none. */
  readonly trustedOrigins?: readonly string[]
  /** The form field with the token. Default `csrf`. */
  readonly field?: string
  /** The header with the token, for requests by script. Default `X-CSRF-Token`. */
  readonly header?: string
  /**
   * True if every request that changes something needs the token, not only requests without `Sec-Fetch-Site` and
   * `Origin`.
   */
  readonly requireToken?: boolean
}

/** Wraps a handler inside `withSession`. The handler runs only for requests that no other site has caused. */
export type CsrfGuard = <R extends Request, S extends object, Env, Context, Result>(
  handler: (
    request: R & { readonly session: S },
    env: Env,
    ctx: Context,
  ) => Result | Promise<Result>,
) => (request: R & { readonly session: S }, env: Env, ctx: Context) => Promise<Response | Result>

/** Methods that change nothing (RFC 9110 section 9.2.1). */
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE'])
const MASK_BYTES = 32

/**
 * Returns a token for forms and scripts, bound to this session until it ends, is regenerated or a user signs in. The
 * text differs each time, so that compression reveals nothing (BREACH). Make it after the session's last change of
 * token.
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
 * Returns a guard against cross-site request forgery (OWASP): `withSession(csrfGuard()(handler))`. The browser's
 * `Sec-Fetch-Site` decides, or else `Origin`, as in Go's CrossOriginProtection. A request with neither needs the token,
 * if the visitor has a session. A refused request gets 403 and an event. The handler can still read the body.
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
  const token = request.headers.get(header) ?? (await tokenInForm(request, field))
  session.markUsed()
  await session.arrive()
  return token !== undefined && isToken(session.keyring, session.csrfSubject, token)
}

/** True if any key has made the token. A key of an older secret is valid too. */
async function isToken(keyring: Keyring, subject: string, token: string): Promise<boolean> {
  // 64 bytes in canonical base64url.
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
