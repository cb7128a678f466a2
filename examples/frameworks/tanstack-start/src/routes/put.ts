import { createFileRoute } from '@tanstack/react-router'

export const Route = createFileRoute('/put')({
  server: {
    handlers: {
      POST: async ({ context: { session }, request }) => {
        const form = await request.formData()
        await session.load()
        await scheduler.wait(Math.min(Number(form.get('wait')), 2000))
        session.set(form.get('key') === 'b' ? 'b' : 'a', String(form.get('value')))
        // Otherwise what was recorded is written after the handler.
        if (form.get('awaited') === '1') await session.commit()
        return Response.json({ ok: true })
      },
    },
  },
})
