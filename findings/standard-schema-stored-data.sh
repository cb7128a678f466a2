#!/usr/bin/env bash
# One would expect three Standard Schema libraries to agree on one plain record: a required user and an optional
# note.
# Where note is undefined (structured clone, as Durable Object storage keeps it), arktype 2.2.10 refuses the
# record; after JSON, as in KV, it takes it. zod 4.6.7 and valibot 1.5.0 take both.
# A field the schema does not name is dropped by zod and valibot, kept by arktype, and only arktype returns the
# very object it was given.
# It matters if a session is validated on read and written back: the library alone decides whether an older
# release erases what a newer one stored.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
export TMPDIR=$dir
echo '{"private":true}' >package.json
npm install --no-audit --no-fund --loglevel=error zod@4.6.7 valibot@1.5.0 arktype@2.2.10 >/dev/null
cat >run.mjs <<'JS'
import * as z from 'zod';
import * as v from 'valibot';
import { type } from 'arktype';
const schemas = {
  zod: z.object({ user: z.string(), note: z.string().optional() }),
  valibot: v.object({ user: v.string(), note: v.optional(v.string()) }),
  arktype: type({ user: 'string', 'note?': 'string' }),
};
const record = { user: 'ada', note: undefined, addedLater: 1 };
const stores = { clone: structuredClone(record), json: JSON.parse(JSON.stringify(record)) };
for (const [name, schema] of Object.entries(schemas)) {
  for (const [store, stored] of Object.entries(stores)) {
    const result = await schema['~standard'].validate(stored);
    const shown = result.issues ? `refused: ${result.issues[0].message}`
      : `keys ${Object.keys(result.value)}; ${result.value === stored ? 'same object' : 'copy'}`;
    console.log(`${name} after ${store}: ${shown}`);
  }
}
JS
seen=$(timeout 120 node run.mjs 2>log) || { cat log >&2; exit 1; }
before='zod after clone: keys user,note; copy
zod after json: keys user; copy
valibot after clone: keys user,note; copy
valibot after json: keys user; copy
arktype after clone: refused: note must be a string (was undefined)
arktype after json: keys user,addedLater; same object'
npm ls --depth=0 | sed '1d;/extraneous/d;/^$/d'
echo 'expected: one Standard Schema, one result'
printf 'seen:\n%s\n' "$seen"
[ "$seen" = "$before" ] || { printf 'CHANGED. Seen before:\n%s\n' "$before" >&2; exit 1; }
