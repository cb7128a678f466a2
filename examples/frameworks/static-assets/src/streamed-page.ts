import type { Session } from './sessions'

/** A page whose late part reads the session. Its cookie has already been sent by then. */
export function streamedPage(session: Session, isWriting: boolean): Response {
  const { readable, writable } = new TransformStream<string, string>()
  void write(writable.getWriter(), session, isWriting)
  const body = readable.pipeThrough(new TextEncoderStream())
  return new Response(body, { headers: { 'Content-Type': 'text/html; charset=utf-8' } })
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

function escaped(text: string): string {
  return text.replaceAll(/[&<"]/g, (character) => `&#${character.charCodeAt(0)};`)
}
