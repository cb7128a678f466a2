#!/usr/bin/env bash
# One would expect that a key which is deleted and then set has the new value: the last call counts, as with a Map or with
# Astro's own cookies.
# In Astro 7.3.5 delete() puts the key on a list if the session has not been read yet in this request, set() leaves it there,
# and the list is applied when the session is stored. A get() in the same request still gives the new value.
# It matters to a form of several steps that clears its key before it fills it: the value is gone with the next request, unless
# some other code, such as a middleware that asks who is signed in, has read the session before.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
export TMPDIR=$dir ASTRO_TELEMETRY_DISABLED=1
echo '{"private":true,"type":"module"}' >package.json
npm install --no-audit --no-fund --loglevel=error node@24.21.0 astro@7.3.5 @astrojs/node@11.1.6 >/dev/null
export PATH=$dir/node_modules/.bin:$PATH
mkdir -p src/pages
cat >astro.config.mjs <<'JS'
import node from '@astrojs/node';
export default { output: 'server', adapter: node({ mode: 'middleware' }), session: { cookie: { secure: false } } };
JS
cat >src/pages/start.js <<'JS'
export const GET = ({ session }) => {
  session.set('user', 'ada');
  session.set('step', 'one');
  return new Response('started');
};
JS
cat >src/pages/next.js <<'JS'
export const GET = async ({ session, url }) => {
  if (url.searchParams.has('read')) await session.get('user');
  session.delete('step');
  session.set('step', 'two');
  return Response.json(url.searchParams.has('again') ? await session.get('step') : 'set');
};
JS
echo "export const GET = async ({ session }) => Response.json((await session.get('step')) ?? 'nothing');" >src/pages/show.js
npx astro build >log 2>&1 || { cat log >&2; exit 1; }
cat >run.mjs <<'JS'
import { createServer } from 'node:http';
import { handler } from './dist/server/entry.mjs';
const server = createServer(handler);
await new Promise((done) => server.listen(0, '127.0.0.1', done));
const visit = (path, cookie) => fetch(`http://127.0.0.1:${server.address().port}${path}`, { headers: { cookie } });
for (const path of ['/next?read', '/next', '/next?again']) {
  const cookie = (await visit('/start', '')).headers.getSetCookie()[0].split(';')[0];
  const during = await (await visit(path, cookie)).json();
  console.log(`${path}: ${during}, then ${await (await visit('/show', cookie)).json()}`);
}
server.close();
server.closeAllConnections();
JS
seen=$(timeout 120 node run.mjs 2>log) || { cat log >&2; exit 1; }
before='/next?read: set, then two
/next: set, then nothing
/next?again: two, then nothing'
npm ls --depth=0 | sed '1d;/extraneous/d;/^$/d'
echo 'expected: step is two in the next request, each time'
printf 'seen:\n%s\n' "$seen"
[ "$seen" = "$before" ] || { printf 'CHANGED. Seen before:\n%s\n' "$before" >&2; exit 1; }
