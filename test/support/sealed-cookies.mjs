import { getIronSession as getIronSession9 } from 'iron-session'
import { getIronSession as getIronSession8 } from 'iron-session-v8'

const IRON = { 'iron-session 8': getIronSession8, 'iron-session 9': getIronSession9 }
const NAME = { cookieName: 'app-session' }

export async function ironCookies(version, data, options) {
  const response = new Response()
  const request = new Request('https://old.example/')
  const session = await IRON[version](request, response, { ...NAME, ...options })
  Object.assign(session, data)
  await session.save()
  return response.headers.getSetCookie()
}

export async function readIron(version, cookieHeader, options) {
  const headers = { Cookie: cookieHeader }
  const request = new Request('https://old.example/', { headers })
  try {
    return { ...(await IRON[version](request, new Response(), { ...NAME, ...options })) }
  } catch {
    return {}
  }
}
