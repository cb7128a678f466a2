#!/usr/bin/env bash
# One would expect a string that is stored to come back as the same string.
# In unstorage 1.17.6 getItem parses what it reads: text of up to 16 digits comes back as a number, and above 2^53
# it can be a different number.
# Leading zeros or a 17th digit keep it a string, so a test with one id may not show it.
# It matters if you store a bare user id or a one-time code beside a session: the id changes without an error.
# getItemRaw returns the string.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
export TMPDIR=$dir
echo '{"private":true}' >package.json
npm install --no-audit --no-fund --loglevel=error unstorage@1.17.6 >/dev/null
cat >run.mjs <<'JS'
import { createStorage } from 'unstorage';
const storage = createStorage();
for (const text of ['000123', '123456', '9007199254740993', '90071992547409931', '12e4', 'true', 'undefined']) {
  await storage.setItem('key', text);
  const read = await storage.getItem('key');
  const raw = await storage.getItemRaw('key');
  console.log(`"${text}" -> ${typeof read} ${read}, raw ${typeof raw} ${raw}`);
}
JS
seen=$(timeout 120 node run.mjs 2>log) || { cat log >&2; exit 1; }
before='"000123" -> string 000123, raw string 000123
"123456" -> number 123456, raw string 123456
"9007199254740993" -> number 9007199254740992, raw string 9007199254740993
"90071992547409931" -> string 90071992547409931, raw string 90071992547409931
"12e4" -> number 120000, raw string 12e4
"true" -> boolean true, raw string true
"undefined" -> undefined undefined, raw string undefined'
npm ls --depth=0 | sed '1d;/extraneous/d;/^$/d'
echo 'expected: each string comes back unchanged'
printf 'seen:\n%s\n' "$seen"
[ "$seen" = "$before" ] || { printf 'CHANGED. Seen before:\n%s\n' "$before" >&2; exit 1; }
