import { createFileRoute } from '@tanstack/react-router'

export const Route = createFileRoute('/sign-in')({
  server: {
    handlers: {
      POST: async ({ context: { session }, request }) => {
        const form = await request.formData()
        await session.signIn(String(form.get('user')))
        session.flash('notice', 'Welcome')
        return new Response(null, { status: 303, headers: { Location: '/' } })
      },
    },
  },
})
