import { redirect } from 'react-router'

import { sessionContext } from '../sessions.server'
import type { Route } from './+types/thrown'

export async function action({ context, request }: Route.ActionArgs) {
  const form = await request.formData()
  context.get(sessionContext).set('a', String(form.get('value')))
  throw redirect('/state', 303)
}
