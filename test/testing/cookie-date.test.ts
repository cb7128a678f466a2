import { expect, test } from 'vitest'

import { parseCookieDate } from '../../src/testing/cookie-date.ts'

const LAST_OF_2055 = Date.UTC(2055, 11, 31, 23, 59, 59)

test.for([
  // What servers write (RFC 9110 section 5.6.7).
  'Fri, 31 Dec 2055 23:59:59 GMT',
  'Friday, 31-Dec-55 23:59:59 GMT',
  'Fri Dec 31 23:59:59 2055',
  // In any order, between any delimiters, and with anything besides.
  '2055 DECEMBER 31 23:59:59',
  '23:59:59 31 dec 2055',
  '31/Dec/2055\t23:59:59',
  '31-Dec-2055-23:59:59',
  '31st Decx 2055AD 23:59:59GMT',
  'Dec 31 2055 23:59:59 1999 00:00:00 Feb',
  // A time zone is not one of the parts.
  '31 Dec 2055 23:59:59 +1400',
  '31 Dec 2055 23:59:59 PM',
])('%j is the last second of 2055', (text) => {
  expect(parseCookieDate(text)).toBe(LAST_OF_2055)
})

test.for([
  ['1 Jan 00 1:2:3', Date.UTC(2000, 0, 1, 1, 2, 3)],
  ['1 Jan 69 00:00:00', Date.UTC(2069, 0, 1)],
  ['1 Jan 069 00:00:00', Date.UTC(2069, 0, 1)],
  ['1 Jan 70 00:00:00', 0],
  ['1 Jan 99 00:00:00', Date.UTC(1999, 0, 1)],
  ['1 Jan 1601 00:00:00', Date.UTC(1601, 0, 1)],
  ['29 Feb 2056 00:00:00', Date.UTC(2056, 1, 29)],
  ['31 Dec 9999 23:59:59', Date.UTC(9999, 11, 31, 23, 59, 59)],
] as const)('%j is %i', ([text, milliseconds]) => {
  expect(parseCookieDate(text)).toBe(milliseconds)
})

test.for([
  '',
  'soon',
  // Dates to Date.parse.
  '0',
  '-1',
  '2099',
  '4102444800',
  '2055-12-31T23:59:59Z',
  '2055-12-31 23:59:59',
  '10/21/2099 00:00:00',
  '31 Dec 2055',
  // A part is missing, or has too many digits.
  'Dec 2055 23:59:59',
  '31 2055 23:59:59',
  '31 Dec 23:59:59',
  '31 Dec 2055 23:59',
  '31 Foo 2055 23:59:59',
  '31Dec2055 23:59:59',
  '001 Dec 2055 23:59:59',
  '31 Dec 2055 001:2:3',
  '31 Dec 12055 23:59:59',
  '31 Dec 5 23:59:59',
  // Not in the calendar, or not on the clock.
  '0 Dec 2055 00:00:00',
  '32 Dec 2055 00:00:00',
  '30 Feb 2055 00:00:00',
  '29 Feb 2055 00:00:00',
  '29 Feb 1900 00:00:00',
  '31 Apr 1999 00:00:00',
  '31 Dec 2055 24:00:00',
  '31 Dec 2055 23:60:00',
  '31 Dec 2055 23:59:60',
  '1 Jan 1600 00:00:00',
  '1 Jan 100 00:00:00',
])('%j is not a date', (text) => {
  expect(parseCookieDate(text)).toBeUndefined()
})
