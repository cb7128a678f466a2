#!/usr/bin/env bash
# One would expect that a Response returned by SvelteKit's `handle` reaches the browser with its headers, whether the page is
# opened or reached by a link.
# SvelteKit 2.70.4 keeps the Set-Cookie of a 303 for a page, and drops it for the data request of a client-side navigation. A
# redirect that is thrown keeps the cookies of `event.cookies` for both, and drops them if it is an error that is thrown.
# It matters to guards: a message or a token that goes with the redirect is lost for those visitors who follow a link.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
export TMPDIR=$dir
echo '{"private":true,"type":"module"}' >package.json
npm install --no-audit --no-fund --loglevel=error @sveltejs/kit@2.70.4 @sveltejs/vite-plugin-svelte@7.3.1 svelte@5.57.3 vite@8.4.0 >/dev/null
mkdir -p src/routes/account
cat >vite.config.js <<'JS'
import { sveltekit } from '@sveltejs/kit/vite';
export default { plugins: [sveltekit()] };
JS
echo 'export default {};' >svelte.config.js
echo '<html><head>%sveltekit.head%</head><body>%sveltekit.body%</body></html>' >src/app.html
echo '<p>account</p>' >src/routes/account/+page.svelte
echo 'export const load = () => ({});' >src/routes/account/+page.server.js
cat >src/hooks.server.js <<'JS'
import { error, redirect } from '@sveltejs/kit';
const location = '/login';
export const handle = ({ event }) => {
  const end = event.request.headers.get('end');
  if (end === 'return') return new Response(null, { status: 303, headers: { location, 'set-cookie': 'sid=1' } });
  event.cookies.set('sid', '1', { path: '/' });
  if (end === 'throw redirect') redirect(303, location);
  error(403, 'no');
};
JS
npx vite build >log 2>&1 || { cat log >&2; exit 1; }
cat >run.mjs <<'JS'
import { Server } from './.svelte-kit/output/server/index.js';
import { manifest } from './.svelte-kit/output/server/manifest.js';
const server = new Server(manifest);
await server.init({ env: {} });
for (const end of ['return', 'throw redirect', 'throw error']) {
  for (const path of ['/account', '/account/__data.json']) {
    const request = new Request(`http://localhost${path}`, { headers: { end } });
    const response = await server.respond(request, { getClientAddress: () => '127.0.0.1' });
    const cookies = response.headers.getSetCookie().map((cookie) => cookie.split(';')[0]);
    console.log(`${end}, ${path}: ${response.status} ${cookies.join(', ') || 'no cookie'}`);
  }
}
JS
seen=$(timeout 120 node run.mjs 2>log) || { cat log >&2; exit 1; }
before='return, /account: 303 sid=1
return, /account/__data.json: 200 no cookie
throw redirect, /account: 303 sid=1
throw redirect, /account/__data.json: 200 sid=1
throw error, /account: 403 no cookie
throw error, /account/__data.json: 403 no cookie'
npm ls --depth=0 | sed '1d;/extraneous/d;/^$/d'
echo 'expected: sid=1 is sent in all six cases'
printf 'seen:\n%s\n' "$seen"
[ "$seen" = "$before" ] || { printf 'CHANGED. Seen before:\n%s\n' "$before" >&2; exit 1; }
