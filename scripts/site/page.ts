import { type Row, LIBRARIES, ROWS } from './comparison.ts'
import { laneSection, slowness } from './lane.ts'
import type { Recording } from './recording.ts'
import { STYLE } from './style.ts'

/** A document: its file in docs/, and its heading. */
export type Linked = readonly [file: string, title: string]

/** Returns the page, with nothing else to load. The same recording and documents always give the same text. */
export function pageOf(recording: Recording, documents: readonly Linked[]): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="description" content="Server-side sessions for Cloudflare Workers: overlapping requests lose no update, and a session that was signed out stays signed out.">
<title>edge-session: sessions for Cloudflare Workers</title>
<!-- Made by npm run docs:site. -->
<style>${STYLE}</style>
<header>
<h1>edge-session</h1>
<p class="lead">Server-side sessions for Cloudflare Workers: overlapping requests lose no update, and a session that was signed out stays signed out.</p>
<p>The browser holds one small signed cookie. Each session is stored in its own Durable Object, or in Workers KV, Redis or memcached.</p>
<pre><code>npm install edge-session
npx edge-session init</code></pre>
<p class="quiet">Not on npm yet: <a href="../README.md">the README</a> says how to install it from a tarball.</p>
</header>
<main>
<h2 id="race">A race, as it was recorded</h2>
<p>Five requests of one visitor each add 1 to a count, at the same time. Then the visitor signs out while a slower request is still running, which writes afterwards.</p>
<p><button type="button" id="replay" hidden>Replay</button></p>
<div class="race play" id="lanes">
${laneSection(recording, 0)}
${laneSection(recording, 1)}
</div>
<p class="quiet">Recorded on ${recording.recorded} by <code>npm run docs:site -- --record</code>, from the race lab of the playground (<code>npm start</code>) in workerd with wrangler ${recording.wrangler}. Shown ${slowness} times slower. A request waits on purpose between reading and writing: 20 ms for an increment, 400 ms for the slow one. This makes the race certain, and says nothing of how often it happens. The times include the machine’s other work, and are not a measure of speed.</p>
<h2 id="others">Beside other libraries</h2>
${comparison()}
<p class="quiet">The races were run in workerd or miniflare: 20 pairs of overlapping writes, and 10 sign-outs during a slow request. The other answers were read in the code of these versions, or counted. React Router is 8.5.1 with @react-router/cloudflare 8.3.1 and its KV storage; iron-session keeps its data in the cookie by design. Sizes are of esbuild 0.28.2 and gzip, without Hono; better-auth’s is of <code>/minimal</code> and a whole authentication server.</p>
<h2 id="docs">Documents</h2>
<ul class="links">
${[['../README.md', 'README'] as const, ...documents].map(([file, title]) => `<li><a href="${file}">${escaped(title)}</a></li>`).join('\n')}
</ul>
</main>
<footer class="quiet">edge-session · <a href="../LICENSE">MIT</a></footer>
<script>
{
  const lanes = document.getElementById('lanes')
  const replay = document.getElementById('replay')
  replay.hidden = matchMedia('(prefers-reduced-motion: reduce)').matches
  replay.onclick = () => {
    lanes.classList.remove('play')
    void lanes.offsetWidth
    lanes.classList.add('play')
  }
}
</script>
</html>
`
}

function comparison(): string {
  const names = LIBRARIES.map(
    ([name, version]) => `<th scope="col"><b>${name}</b> <small>${version}</small></th>`,
  )
  return `<table>
<thead><tr><td></td>${names.join('')}</tr></thead>
<tbody>
${ROWS.map(row).join('\n')}
</tbody>
</table>`
}

function row([question, ...answers]: Row): string {
  const cells = answers.map((answer, index) => {
    const [name = ''] = LIBRARIES[index] ?? []
    const looks = answer.startsWith('!') ? ' class="bad"' : ''
    return `<td data-of="${name}"${looks}><span>${escaped(answer.replace(/^!/, ''))}</span></td>`
  })
  return `<tr><th scope="row">${escaped(question)}</th>${cells.join('')}</tr>`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
