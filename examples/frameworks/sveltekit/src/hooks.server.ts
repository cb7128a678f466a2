import { building } from '$app/environment'
import { sessions } from '$lib/server/sessions'
import { type Handle, redirect } from '@sveltejs/kit'
import { sequence } from '@sveltejs/kit/hooks'
import { sessionHooks } from 'edge-session/adapter/sveltekit'

const guard: Handle = async ({ event, resolve }) => {
  if (event.route.id?.startsWith('/account') === true) {
    const { session } = event.locals
    await session.load()
    if (session.userId === undefined) {
      session.flash('notice', 'Please sign in')
      redirect(303, '/')
    }
  }
  return resolve(event)
}

// #region hooks
const hooks = sessionHooks(sessions, {
  // A prerendered page has no visitor.
  env: ({ platform }) => (building ? undefined : platform?.env),
})

export const handle = sequence(hooks.handle, guard)
export const { handleError } = hooks
// #endregion hooks
