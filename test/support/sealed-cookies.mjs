import * as h3v1 from 'h3-v1'
import * as h3v2 from 'h3-v2'
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

const H3 = {
  'h3 1': (handler) =>
    h3v1.toWebHandler(h3v1.createApp().use(h3v1.eventHandler((event) => handler(event, h3v1)))),
  'h3 2': (handler) => {
    const app = new h3v2.H3().get('/', (event) => handler(event, h3v2))
    return (request) => app.fetch(request)
  },
}

export async function useH3(version, options, { data, cookie = '' } = {}) {
  const fetch = H3[version](async (event, { useSession }) => {
    const session = await useSession(event, options)
    if (data !== undefined) await session.update(data)
    return { id: session.id, data: { ...session.data } }
  })
  const headers = { Cookie: cookie }
  const response = await fetch(new Request('https://old.example/', { headers }))
  return { ...(await response.json()), setCookies: response.headers.getSetCookie() }
}
