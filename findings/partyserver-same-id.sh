#!/usr/bin/env bash
# One would expect broadcast() to reach every open connection: PartyServer's README says "send a message to all connections", and
# offers one API for objects that hibernate and objects that do not. PartySocket's `id` is there "to identify the client".
# In partyserver 0.5.10 an object that does not hibernate, as is the default, keeps its connections by that id. A second one of
# the same id takes the first one's place, and when the first one closes, the second one is taken off the list as well: it stays
# open, its messages arrive, and it gets no broadcast. With hibernate: true both tabs get all.
# It matters to an id kept in localStorage, which two tabs share, and to a phone that changes its network: PartySocket connects
# anew with the same id, and the object hears of the old connection's end later.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
export TMPDIR=$dir
echo '{"private":true}' >package.json
npm install --no-audit --no-fund --loglevel=error node@24.21.0 miniflare@5.20261102.0-beta workerd@1.20261102.1 \
  partyserver@0.5.10 partysocket@1.3.0 esbuild@0.28.2 >/dev/null
export PATH=$dir/node_modules/.bin:$PATH
cat >worker.mjs <<'JS'
import { Server, routePartykitRequest } from 'partyserver';
export class Plain extends Server {
  onMessage(connection, message) {
    if (message === 'ping') connection.send('pong');
    else this.broadcast(message);
  }
}
export class Hibernating extends Plain { static options = { hibernate: true }; }
export default { fetch: async (request, env) => (await routePartykitRequest(request, env)) ?? new Response('?', { status: 404 }) };
JS
esbuild worker.mjs --bundle --format=esm --external:cloudflare:workers --outfile=bundle.mjs --log-level=error
cat >run.mjs <<'JS'
import { Miniflare, convertV4MiniflareOptions } from 'miniflare';
import { PartySocket } from 'partysocket';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
const objects = { PLAIN: { className: 'Plain', useSQLite: true }, HIBERNATING: { className: 'Hibernating', useSQLite: true } };
const mf = new Miniflare(convertV4MiniflareOptions({
  modules: true, scriptPath: 'bundle.mjs', compatibilityDate: '2026-11-01', durableObjects: objects, cf: false }));
const { host } = await mf.ready;
for (const party of ['plain', 'hibernating']) {
  const open = async (id) => {
    const socket = new PartySocket({ host, party, room: 'room', id });
    const got = [];
    socket.addEventListener('message', ({ data }) => got.push(data));
    await once(socket, 'open');
    return { socket, got };
  };
  const first = await open('ada');
  const second = await open('ada');
  const other = await open('bob');
  other.socket.send('one');
  await wait(500);
  first.socket.close();
  await wait(1000);
  other.socket.send('two');
  second.socket.send('ping');
  await wait(500);
  for (const [name, { got }] of Object.entries({ 'first tab': first, 'second tab': second, other })) {
    console.log(`${party}, ${name}: ${got.sort().join(', ') || 'nothing'}`);
  }
  second.socket.close();
  other.socket.close();
}
await mf.dispose();
process.exit();
JS
seen=$(timeout 120 node run.mjs 2>log) || { cat log >&2; exit 1; }
before='plain, first tab: nothing
plain, second tab: one, pong
plain, other: one, two
hibernating, first tab: one
hibernating, second tab: one, pong, two
hibernating, other: one, two'
npm ls --depth=0 | sed '1d;/extraneous/d;/^$/d'
echo 'expected: both tabs get "one", and the second tab, which stays open, gets "two"'
printf 'seen:\n%s\n' "$seen"
[ "$seen" = "$before" ] || { printf 'CHANGED. Seen before:\n%s\n' "$before" >&2; exit 1; }
