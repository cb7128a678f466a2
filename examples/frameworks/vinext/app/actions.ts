'use server'

import { refresh } from 'next/cache'
import { redirect } from 'next/navigation'

import { currentSession } from '../lib/session'

export async function signIn(form: FormData) {
  const session = await currentSession()
  await session.signIn(String(form.get('user')))
  session.flash('notice', 'Welcome')
  redirect('/')
}

export async function count() {
  const session = await currentSession()
  await session.increment('count')
  // Otherwise the browser keeps the page as it is.
  refresh()
}
