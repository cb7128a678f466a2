import { defineHandler } from 'nitro/h3'

import { useEdgeSession } from '../sessions'

export default defineHandler(async (event) => {
  const session = useEdgeSession(event)
  const { count = 0 } = await session.all()
  const { notice } = await session.flashes()
  const user = session.userId === undefined ? 'Nobody is signed in' : `Signed in: ${session.userId}`
  event.res.headers.set('Content-Type', 'text/html; charset=utf-8')
  return `<!doctype html>
${notice === undefined ? '' : `<p role="status">${escaped(notice)}</p>`}
<p>${escaped(user)}</p>
<p>Count: ${count}</p>
<form method="post" action="/sign-in"><input name="user" value="ada"><button>Sign in</button></form>
<form method="post" action="/count"><button>Count</button></form>
<form method="post" action="/sign-out"><button>Sign out</button></form>
<form method="post" action="/sign-out-everywhere"><button>Sign out everywhere</button></form>`
})

function escaped(text: string): string {
  return text.replaceAll(/[&<"]/g, (character) => `&#${character.charCodeAt(0)};`)
}
