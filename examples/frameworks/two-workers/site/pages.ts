import type { SessionOf } from 'edge-session'

import type { sessions } from '../shared/sessions'

export type AppSession = SessionOf<typeof sessions>

export async function pageOf(session: AppSession): Promise<string> {
  const { count = 0 } = await session.all()
  const { notice } = await session.flashes()
  const user = session.userId
  return `<!doctype html>
<html lang="en">
  <body>
    ${notice === undefined ? '' : `<p role="status">${escaped(notice)}</p>`}
    <p>${user === undefined ? 'Nobody is signed in' : `Signed in: ${escaped(user)}`}</p>
    <p>Count: ${count}</p>
    <form method="post" action="/sign-in"><input name="user" value="ada"><button>Sign in</button></form>
    <form method="post" action="/count"><button>Count</button></form>
    <form method="post" action="/sign-out"><button>Sign out</button></form>
    <form method="post" action="/sign-out-everywhere"><button>Sign out everywhere</button></form>
  </body>
</html>`
}

export function streamOf(session: AppSession, isWriting: boolean): ReadableStream {
  const encoder = new TextEncoder()
  return new ReadableStream({
    async start(controller) {
      controller.enqueue(encoder.encode('<!doctype html><h1>Streamed</h1>'))
      await scheduler.wait(200)
      controller.enqueue(encoder.encode(await latePart(session, isWriting)))
      controller.close()
    },
  })
}

/** It may read the session, but its cookie has already been sent. */
async function latePart(session: AppSession, isWriting: boolean): Promise<string> {
  const { count = 0 } = await session.all()
  const problem = isWriting ? await tryToWrite(session) : ''
  return `<p>${escaped(session.userId ?? 'Nobody')} has counted to ${count}. ${problem}</p>`
}

async function tryToWrite(session: AppSession): Promise<string> {
  try {
    session.set('a', 'late')
    await session.commit()
    return 'written'
  } catch (error) {
    return String(error)
  }
}

function escaped(text: string): string {
  return text.replaceAll(/[&<"]/g, (character) => `&#${character.charCodeAt(0)};`)
}
