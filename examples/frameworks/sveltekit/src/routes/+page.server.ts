import type { PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals: { session } }) => {
  const { count = 0 } = await session.all()
  const { notice } = await session.flashes()
  return { user: session.userId, count, notice }
}
