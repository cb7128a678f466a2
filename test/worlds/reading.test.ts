import { CACHED, play, READING } from '../support/worlds.ts'

const SUITES = [
  'adapter/hono',
  'adapter/itty-router',
  'adapter/react-router',
  'guard/csrf',
  'guard/csrf-subject',
  'guard/csrf-visitor',
  'guard/current-user',
  'guard/require-user',
  'request/adopt',
  'request/dead-cookies',
  'request/late-writes',
  'request/orphans',
  'request/overlaps',
  'request/sign-in',
  'request/sign-in-overlaps',
  'request/timeouts',
]

play(READING, [...SUITES, 'request/key-rotation', 'request/set-cookie', 'request/store-failure'])
play(CACHED, SUITES)
