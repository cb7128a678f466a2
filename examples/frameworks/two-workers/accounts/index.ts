import { sessions } from '../shared/sessions'

export { SessionObject } from 'edge-session/store/durable-object'
export { UserObject } from 'edge-session/store/user-index'

const home = () => new Response(null, { status: 303, headers: { Location: '/' } })

const signIn = sessions.withSession(async (request) => {
  const { session } = request
  const form = await request.formData()
  await session.signIn(String(form.get('user')))
  session.flash('notice', 'Welcome')
  return home()
})

const signOut = sessions.withSession(async ({ session }) => {
  await session.signOut()
  return home()
})

const signOutEverywhere = sessions.withSession(async ({ session }, env) => {
  await session.load()
  if (session.userId !== undefined) await sessions.user(session.userId, env).revokeAll()
  await session.signOut()
  return home()
})

export default {
  fetch(request, env, ctx) {
    const { pathname } = new URL(request.url)
    if (pathname === '/sign-in') return signIn(request, env, ctx)
    if (pathname === '/sign-out') return signOut(request, env, ctx)
    if (pathname === '/sign-out-everywhere') return signOutEverywhere(request, env, ctx)
    return new Response('Not found', { status: 404 })
  },
} satisfies ExportedHandler<Env>
