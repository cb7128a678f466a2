import { createSignedValue, decodeSignedValue, parseCookie } from 'edge-session/migrate/tornado'

interface Env {
  /** Tornado's `cookie_secret`: one for each key version. */
  readonly COOKIE_SECRETS: Readonly<Record<number, string>>
  /** Tornado's `cookie_secret` is a dictionary, and this its `key_version`. */
  readonly KEY_VERSION: number
}

/** The Set-Cookie value that signs a user in, for this Worker and for the Tornado application beside it. */
export async function signInCookie(user: string, env: Env): Promise<string> {
  const keyVersion = env.KEY_VERSION
  const value = await createSignedValue(env.COOKIE_SECRETS, 'user', user, { keyVersion })
  return `user=${value}; Path=/; Max-Age=2592000; Secure; HttpOnly; SameSite=Lax`
}

/** Who is signed in, at either of the two. */
export async function userOf(request: Request, env: Env): Promise<string | undefined> {
  const text = parseCookie(request.headers.get('Cookie') ?? '').get('user')
  const value = await decodeSignedValue(env.COOKIE_SECRETS, 'user', text)
  return value && new TextDecoder().decode(value)
}
