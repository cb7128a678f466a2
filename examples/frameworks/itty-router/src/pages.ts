import type { SessionOf } from 'edge-session'

import type { sessions } from './sessions'

type Session = SessionOf<typeof sessions>

interface Home {
  readonly user: string | undefined
  readonly count: number
  readonly notice: string | undefined
}

export function homePage({ user, count, notice }: Home): string {
  return page(`${notice === undefined ? '' : `<p role="status">${escaped(notice)}</p>`}
    <p>${user === undefined ? 'Nobody is signed in' : `Signed in: ${escaped(user)}`}</p>
    <p>Count: ${count}</p>
    <form method="post" action="/sign-in">
      <input name="user" value="ada" />
      <button>Sign in</button>
    </form>
    <form method="post" action="/count"><button>Count</button></form>
    <form method="post" action="/sign-out"><button>Sign out</button></form>
    <form method="post" action="/sign-out-everywhere"><button>Sign out everywhere</button></form>`)
}

/** A page whose late part reads the session. Its cookie has already been sent by then. */
export function streamedPage(session: Session, isWriting: boolean): ReadableStream<Uint8Array> {
  const { readable, writable } = new TransformStream<string, string>()
  void write(writable.getWriter(), session, isWriting)
  return readable.pipeThrough(new TextEncoderStream())
}

async function write(
  writer: WritableStreamDefaultWriter<string>,
  session: Session,
  isWriting: boolean,
): Promise<void> {
  await writer.write('<!doctype html><html lang="en"><body><h1>Streamed</h1>')
  await scheduler.wait(200)
  const { count = 0 } = await session.all()
  const problem = isWriting ? await tryToWrite(session) : ''
  const user = escaped(session.userId ?? 'Nobody')
  await writer.write(`<p>${user} has counted to ${count}. ${escaped(problem)}</p></body></html>`)
  await writer.close()
}

async function tryToWrite(session: Session): Promise<string> {
  try {
    session.set('a', 'late')
    await session.commit()
    return 'written'
  } catch (error) {
    return String(error)
  }
}

function page(body: string): string {
  return `<!doctype html><html lang="en"><body>${body}</body></html>`
}

function escaped(text: string): string {
  return text.replaceAll(/[&<"]/g, (character) => `&#${character.charCodeAt(0)};`)
}
