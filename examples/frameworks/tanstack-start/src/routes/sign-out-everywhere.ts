import { createFileRoute } from '@tanstack/react-router'
import { env } from 'cloudflare:workers'

import { sessions } from '../sessions'

export const Route = createFileRoute('/sign-out-everywhere')({
  server: {
    handlers: {
      POST: async ({ context: { session } }) => {
        await session.load()
        if (session.userId !== undefined) await sessions.user(session.userId, env).revokeAll()
        await session.signOut()
        return new Response(null, { status: 303, headers: { Location: '/' } })
      },
    },
  },
})
