import { createFileRoute } from '@tanstack/react-router'

export const Route = createFileRoute('/sign-out')({
  server: {
    handlers: {
      POST: async ({ context: { session } }) => {
        await session.signOut()
        return new Response(null, { status: 303, headers: { Location: '/' } })
      },
    },
  },
})
