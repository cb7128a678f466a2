#!/usr/bin/env bash
# One would expect that a route's "headers" export which sets an unrelated header leaves cookies alone.
# In React Router 8.5.3, parent and child loaders that both set one cookie are sent parent first, so the browser
# keeps the child's.
# With a "headers" export on the child the order is reversed, and the browser keeps the parent's. A thrown 404
# does the same.
# It matters to sessions that more than one loader commits: adding a Cache-Control export changes which commit
# wins.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
export TMPDIR=$dir
echo '{"private":true}' >package.json
npm install --no-audit --no-fund --loglevel=error node@24.21.0 react-router@8.5.3 react@19.3.1 >/dev/null
export PATH=$dir/node_modules/.bin:$PATH
cat >run.mjs <<'JS'
import { createRequestHandler, data } from 'react-router';
const route = (id, parentId, path, module) => ({ id, parentId, path, module: { default: () => null, ...module } });
const cookie = (from) => ({ headers: { 'Set-Cookie': `session=${from}` } });
const parent = route('root', undefined, '', { loader: () => data({}, cookie('parent')), ErrorBoundary: () => null });
async function run(label, child) {
  const routes = { root: parent, page: route('page', 'root', 'page', child) };
  const assets = { entry: {}, url: '', version: '', routes: { root: { id: 'root' }, page: { id: 'page' } } };
  const handle = createRequestHandler({ // a server build written by hand, without the Vite plugin
    routes, assets, basename: '/', publicPath: '/', assetsBuildDirectory: '', future: {}, ssr: true, isSpaMode: false,
    prerender: [], routeDiscovery: { mode: 'initial' },
    entry: { module: { default: (request, status, headers) => new Response('page', { status, headers }) } },
  }, 'production');
  const response = await handle(new Request('http://localhost/page'));
  console.log(`${label}: ${response.status} ${response.headers.getSetCookie().join(', ')}`);
}
const loader = () => data({}, cookie('child'));
await run('no headers export', { loader });
await run('headers export with Cache-Control', { loader, headers: () => ({ 'Cache-Control': 'no-store' }) });
await run('child throws a 404', { loader: () => { throw data(null, { status: 404, ...cookie('child') }); } });
JS
seen=$(timeout 120 node run.mjs 2>log) || { cat log >&2; exit 1; }
before='no headers export: 200 session=parent, session=child
headers export with Cache-Control: 200 session=child, session=parent
child throws a 404: 404 session=child, session=parent'
npm ls --depth=0 | sed '1d;/extraneous/d;/^$/d'
echo 'expected: the order of the two Set-Cookie headers does not depend on the headers export'
printf 'seen:\n%s\n' "$seen"
[ "$seen" = "$before" ] || { printf 'CHANGED. Seen before:\n%s\n' "$before" >&2; exit 1; }
