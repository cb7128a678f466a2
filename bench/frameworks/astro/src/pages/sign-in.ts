import type { APIRoute } from 'astro'
import { env } from 'cloudflare:workers'

import { type ByHandEnv, signIn } from '../by-hand'

export const POST: APIRoute = async ({ request }) => {
  const user = String((await request.formData()).get('user'))
  const cookie = await signIn(user, env as unknown as ByHandEnv)
  return new Response(null, { status: 303, headers: { Location: '/', 'Set-Cookie': cookie } })
}
