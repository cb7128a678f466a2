#!/usr/bin/env bash
# One would expect a component to use the session as a page does: Astro's guide to sessions says that "the API is the same in all
# cases" (docs.astro.build/en/guides/sessions).
# Astro 7.3.5 stores the session when the Response object is made, and a component after its first `await` runs later, while the
# body is being sent. Its set() and delete() are dropped without a word. In the page's own frontmatter the same lines work.
# It matters to a message that is shown once: a component of the layout that reads it and deletes it shows it on every page.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
export TMPDIR=$dir ASTRO_TELEMETRY_DISABLED=1
echo '{"private":true,"type":"module"}' >package.json
npm install --no-audit --no-fund --loglevel=error node@24.21.0 astro@7.3.5 @astrojs/node@11.1.6 >/dev/null
export PATH=$dir/node_modules/.bin:$PATH
mkdir -p src/pages src/components
cat >astro.config.mjs <<'JS'
import node from '@astrojs/node';
export default { output: 'server', adapter: node({ mode: 'middleware' }), session: { cookie: { secure: false } } };
JS
cat >src/pages/save.js <<'JS'
export const POST = ({ session, redirect }) => {
  session.set('message', 'Saved');
  return redirect('/', 303);
};
JS
cat >src/components/Message.astro <<'JS'
---
const message = await Astro.session.get('message');
Astro.session.delete('message');
---
<p>{message ?? 'none'}</p>
JS
cp src/components/Message.astro src/pages/page.astro
cat >src/pages/component.astro <<'JS'
---
import Message from '../components/Message.astro';
---
<Message />
JS
npx astro build >log 2>&1 || { cat log >&2; exit 1; }
cat >run.mjs <<'JS'
import { createServer } from 'node:http';
import { handler } from './dist/server/entry.mjs';
const server = createServer(handler);
await new Promise((done) => server.listen(0, '127.0.0.1', done));
const { port } = server.address();
const visit = (path, cookie, method = 'GET') =>
  fetch(`http://127.0.0.1:${port}${path}`, { method, redirect: 'manual', headers: { cookie, origin: `http://127.0.0.1:${port}` } });
for (const path of ['/page', '/component']) {
  const cookie = (await visit('/save', '', 'POST')).headers.getSetCookie()[0].split(';')[0];
  const shown = [];
  for (let n = 0; n < 3; n++) shown.push(/<p>(.*)<\/p>/.exec(await (await visit(path, cookie)).text())[1]);
  console.log(`${path}: ${shown.join(', ')}`);
}
server.close();
server.closeAllConnections();
JS
seen=$(timeout 120 node run.mjs 2>log) || { cat log >&2; exit 1; }
before='/page: Saved, none, none
/component: Saved, Saved, Saved'
npm ls --depth=0 | sed '1d;/extraneous/d;/^$/d'
echo 'expected: the message is shown on the first of three visits, both ways'
printf 'seen:\n%s\n' "$seen"
[ "$seen" = "$before" ] || { printf 'CHANGED. Seen before:\n%s\n' "$before" >&2; exit 1; }
