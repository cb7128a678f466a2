import { Auth, skipCSRFCheck } from '@auth/core'
import { decode, encode } from '@auth/core/jwt'
import Credentials from '@auth/core/providers/credentials'

export const AUTH_SECRET = 'the secret of the old application'
export const AUTH_COOKIE = '__Secure-authjs.session-token'

const OPTIONS = { basePath: '/auth', trustHost: true, logger: { error: () => undefined } }

export async function signInThere({ claims, ...user }) {
  const request = new Request('https://old.example/auth/callback/credentials', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: '{}',
  })
  const response = await Auth(request, {
    ...OPTIONS,
    secret: AUTH_SECRET,
    skipCSRFCheck,
    providers: [Credentials({ credentials: {}, authorize: () => user })],
    callbacks: { jwt: ({ token }) => ({ ...token, ...claims }) },
  })
  return response.headers.getSetCookie().filter((each) => each.startsWith(AUTH_COOKIE))
}

export async function whoIsThere(cookie) {
  const request = new Request('https://old.example/auth/session', { headers: { Cookie: cookie } })
  const response = await Auth(request, { ...OPTIONS, secret: AUTH_SECRET, providers: [] })
  const session = await response.json()
  return session?.user?.name
}

export async function encoded(
  claims,
  { secret = AUTH_SECRET, salt = AUTH_COOKIE, maxAge = 3600 } = {},
) {
  return encode({ token: { ...claims }, secret, salt, maxAge })
}

export async function decoded(token, secret = AUTH_SECRET) {
  try {
    return (await decode({ token, secret, salt: AUTH_COOKIE })) ?? undefined
  } catch {
    return undefined
  }
}
