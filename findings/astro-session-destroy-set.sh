#!/usr/bin/env bash
# One would expect that a value set after session.destroy() is in the visitor's new session, whatever ran before.
# Astro 7.3.5 sends the new cookie only if nothing was set earlier in the same request. Otherwise the value is stored under an id
# that no browser gets, and the only cookie is the one that deletes the old session's.
# The middleware here is the one of Astro's guide to sessions, which sets the time of the last visit
# (docs.astro.build/en/guides/sessions).
# It matters to a sign-out that leaves a message: it works until somebody adds that middleware.
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
cat >src/middleware.js <<'JS'
export const onRequest = ({ session, url }, next) => {
  if (url.searchParams.has('middleware')) session.set('lastVisit', new Date());
  return next();
};
JS
cat >src/pages/in.js <<'JS'
export const GET = ({ session }) => {
  session.set('user', 'ada');
  return new Response('in');
};
JS
cat >src/pages/out.js <<'JS'
export const GET = ({ session }) => {
  session.destroy();
  session.set('message', 'Signed out');
  return new Response('out');
};
JS
echo "export const GET = async ({ session }) => Response.json((await session.get('message')) ?? 'nothing');" >src/pages/show.js
npx astro build >log 2>&1 || { cat log >&2; exit 1; }
cat >run.mjs <<'JS'
import { createServer } from 'node:http';
import { handler } from './dist/server/entry.mjs';
const server = createServer(handler);
await new Promise((done) => server.listen(0, '127.0.0.1', done));
const visit = (path, cookie) => fetch(`http://127.0.0.1:${server.address().port}${path}`, { headers: { cookie } });
const cookieOf = (response) => response.headers.getSetCookie()[0].split(';')[0];
for (const path of ['/out', '/out?middleware']) {
  const cookie = cookieOf(await visit('/in', ''));
  const after = cookieOf(await visit(path, cookie));
  const kind = after.endsWith('=deleted') ? 'only deleted' : after === cookie ? 'the old one' : 'new';
  console.log(`${path}: cookie ${kind}, message ${await (await visit('/show', kind === 'new' ? after : '')).json()}`);
}
server.close();
server.closeAllConnections();
JS
seen=$(timeout 120 node run.mjs 2>log) || { cat log >&2; exit 1; }
before='/out: cookie new, message Signed out
/out?middleware: cookie only deleted, message nothing'
npm ls --depth=0 | sed '1d;/extraneous/d;/^$/d'
echo 'expected: a new cookie and the message, both times'
printf 'seen:\n%s\n' "$seen"
[ "$seen" = "$before" ] || { printf 'CHANGED. Seen before:\n%s\n' "$before" >&2; exit 1; }
