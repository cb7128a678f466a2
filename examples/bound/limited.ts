import { bound } from 'edge-session/bound'

export const device = bound({
  allow: async ({ headers }, env: { readonly LIMITER: RateLimit }) => {
    const { success } = await env.LIMITER.limit({ key: headers.get('CF-Connecting-IP') ?? '' })
    return success
  },
})
