import { createFileRoute } from '@tanstack/react-router'

export const Route = createFileRoute('/state')({
  server: {
    handlers: {
      GET: async ({ context: { session } }) => {
        const { count = 0, a = null, b = null } = await session.all()
        return Response.json({ user: session.userId ?? null, count, a, b })
      },
    },
  },
})
