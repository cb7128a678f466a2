#!/usr/bin/env bash
# One would expect that a page that reads a binding shows what is stored now: vinext's README says that "vinext
# server-renders all pages on each request", and that bindings in a page need no special configuration.
# vinext 1.4.0 renders such a page once after a build, with what the first request sees, and sends that to everybody, with
# a Cache-Control of one year. `vite dev` renders it for each request. As in Next.js, a page without dynamic parameters
# that calls neither headers() nor another API for the request is static, which vinext's caching guide says; but Next.js
# renders it in the build, without a visitor. `await connection()` or `dynamic = 'force-dynamic'` changes it.
# It matters to whatever else a page can read, such as an AsyncLocalStorage of the Worker's own: it shows the first
# visitor's data to all others.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
export TMPDIR=$dir CLOUDFLARE_CF_FETCH_ENABLED=false WRANGLER_SEND_METRICS=false
echo '{"private":true,"type":"module"}' >package.json
npm install --no-audit --no-fund --loglevel=error node@24.21.0 vinext@1.4.0 @cloudflare/vite-plugin@1.64.0 wrangler@4.164.0 vite@8.4.0 @vitejs/plugin-react@6.3.0 @vitejs/plugin-rsc@0.5.38 react@19.3.1 react-dom@19.3.1 react-server-dom-webpack@19.3.1 >/dev/null
export PATH=$dir/node_modules/.bin:$PATH
mkdir -p app/visit app/connected
cat >wrangler.jsonc <<'JSON'
{
  "name": "shop",
  "main": "vinext/server/fetch-handler",
  "compatibility_date": "2026-10-06",
  "compatibility_flags": ["nodejs_compat"],
  "kv_namespaces": [{ "binding": "KV", "id": "kv" }]
}
JSON
cat >vite.config.js <<'JS'
import { cloudflare } from '@cloudflare/vite-plugin';
import vinext from 'vinext';
export default { plugins: [vinext(), cloudflare({ inspectorPort: false, viteEnvironment: { name: 'rsc', childEnvironments: ['ssr'] } })] };
JS
echo 'export default ({ children }) => <html><body>{children}</body></html>;' >app/layout.jsx
cat >app/page.jsx <<'JS'
import { env } from 'cloudflare:workers';
export default async function Page() { return <p>{`visits: ${await env.KV.get('visits')}`}</p>; }
JS
cat >app/connected/page.jsx <<'JS'
import { connection } from 'next/server';
import Page from '../page';
export default async function Connected() { await connection(); return Page(); }
JS
cat >app/visit/route.js <<'JS'
import { env } from 'cloudflare:workers';
export async function POST(request) {
  await env.KV.put('visits', await request.text());
  return new Response();
}
JS
vite build >log 2>&1 || { cat log >&2; exit 1; }
cat >run.mjs <<'JS'
import { createServer, preview } from 'vite';
const options = { port: 0, host: '127.0.0.1' };
async function show(name, server) {
  const [origin] = server.resolvedUrls.local;
  for (const path of ['', 'connected']) {
    const seen = [];
    let cached;
    for (const body of ['1', '2', '3']) {
      await fetch(`${origin}visit`, { method: 'POST', body });
      const response = await fetch(origin + path);
      seen.push(/visits: (\d+)/.exec(await response.text())?.[1]);
      cached = /s-maxage=\d+/.exec(response.headers.get('cache-control'))?.[0] ?? 'no s-maxage';
    }
    console.log(`${name}, /${path}: ${seen.join(', ')} (${cached})`);
  }
  await server.close();
}
const server = await createServer({ server: options });
await show('vite dev', await server.listen());
await show('built', await preview({ preview: options }));
process.exit();
JS
seen=$(timeout 120 node run.mjs 2>log | grep -E '^(vite dev|built), ') || { cat log >&2; exit 1; }
before='vite dev, /: 1, 2, 3 (no s-maxage)
vite dev, /connected: 1, 2, 3 (no s-maxage)
built, /: 1, 1, 1 (s-maxage=31536000)
built, /connected: 1, 2, 3 (no s-maxage)'
npm ls --depth=0 | sed '1d;/extraneous/d;/^$/d'
echo 'expected: 1, 2, 3 in each line'
printf 'seen:\n%s\n' "$seen"
[ "$seen" = "$before" ] || { printf 'CHANGED. Seen before:\n%s\n' "$before" >&2; exit 1; }
