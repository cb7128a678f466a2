import { IncomingMessage, ServerResponse } from 'node:http'

import cookieSession from 'cookie-session'
import Cookies from 'cookies'
import Keygrip from 'keygrip'

/** A request and its response, without a connection. */
function newExchange(cookie) {
  const request = new IncomingMessage({ encrypted: true })
  if (cookie !== undefined) request.headers.cookie = cookie
  return { request, response: new ServerResponse(request) }
}

function setCookiesOf(response) {
  return [response.getHeader('Set-Cookie') ?? []].flat()
}

export async function useCookieSession(options, { data, cookie } = {}) {
  const { request, response } = newExchange(cookie)
  await new Promise((resolve) => {
    cookieSession(options)(request, response, resolve)
  })
  const seen = request.session.isNew === true ? undefined : { ...request.session }
  if (data !== undefined) request.session = data
  response.writeHead(200)
  return { data: seen, setCookies: setCookiesOf(response) }
}

export function signedByKeygrip(name, value, keys, algorithm = 'sha1') {
  const { request, response } = newExchange()
  new Cookies(request, response, { keys: new Keygrip(keys, algorithm) }).set(name, value, {
    signed: true,
  })
  return setCookiesOf(response)
    .map((setCookie) => setCookie.split(';')[0])
    .join('; ')
}

export function readByKeygrip(header, name, keys, algorithm = 'sha1') {
  const { request, response } = newExchange(header)
  const cookies = new Cookies(request, response, { keys: new Keygrip(keys, algorithm) })
  return cookies.get(name, { signed: true })
}
