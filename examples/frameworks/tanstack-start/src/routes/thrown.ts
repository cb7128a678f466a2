import { createFileRoute, redirect } from '@tanstack/react-router'

export const Route = createFileRoute('/thrown')({
  server: {
    handlers: {
      POST: async ({ context: { session }, request }) => {
        const form = await request.formData()
        session.set('a', String(form.get('value')))
        throw redirect({ href: '/state', statusCode: 303 })
      },
    },
  },
})
