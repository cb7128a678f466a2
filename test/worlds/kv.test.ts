import { KV, KV_READING, play } from '../support/worlds.ts'

const SUITES = [
  'guard/csrf',
  'guard/current-user',
  'guard/require-user',
  'request/adopt',
  'request/dead-cookies',
  'request/late-writes',
  'request/overlaps',
  'request/sign-in',
  'request/sign-in-overlaps',
  'request/timeouts',
]

play(KV, SUITES)
play(KV_READING, SUITES)
