import type { PageServerLoad } from './$types'

export const load: PageServerLoad = ({ locals: { session }, url }) => {
  const isWriting = url.searchParams.get('late') === '1'

  /** The late part of the page: it may read the session, but its cookie has already been sent. */
  async function late() {
    await new Promise((resolve) => setTimeout(resolve, 200))
    const { count = 0 } = await session.all()
    const problem = isWriting ? await tryToWrite() : ''
    return { user: session.userId, count, problem }
  }

  async function tryToWrite(): Promise<string> {
    try {
      session.set('a', 'late')
      await session.commit()
      return 'written'
    } catch (error) {
      return String(error)
    }
  }

  // A promise that is not awaited is streamed.
  return { late: late() }
}
