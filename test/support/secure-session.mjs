import secureSession from '@fastify/secure-session'
import fastify from 'fastify'

export async function useSecureSession(options, { data = {}, cookie = '' } = {}) {
  const app = fastify()
  await app.register(secureSession, options)
  app.get('/', (request) => {
    const { [options.sessionName ?? 'session']: session } = request
    const seen = session.data()
    for (const [key, value] of Object.entries(data)) session.set(key, value)
    return seen
  })
  const response = await app.inject({ url: '/', headers: { cookie } })
  await app.close()
  const setCookies = [response.headers['set-cookie'] ?? []].flat()
  return { status: response.statusCode, data: response.json(), setCookies }
}
