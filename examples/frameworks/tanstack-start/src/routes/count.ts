import { createFileRoute } from '@tanstack/react-router'

export const Route = createFileRoute('/count')({
  server: {
    handlers: {
      POST: async ({ context: { session } }) =>
        Response.json({ count: await session.increment('count') }),
    },
  },
})
