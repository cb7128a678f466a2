import { CACHED, play, READING } from '../support/worlds.ts'

const SUITES = [
  'guard/csrf',
  'guard/current-user',
  'guard/require-user',
  'request/dead-cookies',
  'request/adopt',
  'request/late-writes',
  'request/orphans',
  'request/overlaps',
  'request/sign-in',
  'request/sign-in-overlaps',
  'request/timeouts',
]

play(READING, [...SUITES, 'request/key-rotation', 'request/set-cookie', 'request/store-failure'])
play(CACHED, SUITES)
