import type { EngineName } from './driver.ts'

/** Where a browser does otherwise than RFC 6265bis and, for what the RFC leaves open, than the other browser. */
export interface Deviation {
  readonly engine: EngineName
  readonly what: string
  /** What becomes of sequences there, by their names. */
  readonly outcomes: Readonly<Record<string, string>>
}

/**
 * All known ones of Chromium 156 and Firefox ESR 153, as measured. A test fails as soon as one is gone. `TestBrowser`
 * has none of them.
 */
export const DEVIATIONS: readonly Deviation[] = [
  {
    engine: 'Chromium',
    what: 'an update with another value moves to the end',
    outcomes: {
      'https://site.test/x/y ["a=1","b=2","a=3"]': '[b=2; a=3] [] a /x session b /x session',
      'https://site.test/x/y ["b","a=1","c"]': '[a=1; c] []  /x session a /x session',
      'https://www.site.test/x/y ["a=1; Domain=site.test"], then https://site.test/x/y ["a=2"], then https://site.test/x/y ["a=3; Domain=site.test"]':
        '[a=1] [a=1; a=2] [a=2; a=3] [a=3] [a=2; a=3]',
    },
  },
  {
    engine: 'Chromium',
    what: 'a tab anywhere inside is refused',
    outcomes: {
      'https://site.test/x/y ["a=1\\t2"]': '[] []',
      'https://site.test/x/y ["a\\tb=1"]': '[] []',
      'https://site.test/x/y ["a=1; Foo=x\\ty"]': '[] []',
      'https://site.test/x/y ["a=1; F\\to=1"]': '[] []',
      'https://site.test/x/y ["a=1; Secure\\tx"]': '[] []',
      'https://site.test/x/y ["a=1; Max-Age=1\\t0"]': '[] []',
      'https://site.test/x/y ["a=1; SameSite=Lax\\tx"]': '[] []',
      'https://site.test/x/y ["a=1; Expires=Fri,\\t31\\tDec\\t2055\\t23:59:59\\tGMT"]': '[] []',
    },
  },
  {
    engine: 'Chromium',
    what: 'a plus is part of a Max-Age',
    outcomes: {
      'https://site.test/x/y ["a=1; Max-Age=+1000"]': '[a=1] [] a /x 17 minutes',
    },
  },
  {
    engine: 'Chromium',
    what: '__Host- needs Path=/ literally, where the default path is / too',
    outcomes: {
      'https://site.test/ ["__Host-a=1; Secure; Path"]': '[] [] []',
      'https://site.test/ ["__Host-a=1; Secure; Path=x"]': '[] [] []',
    },
  },
  {
    engine: 'Chromium',
    what: 'a cookie that says no SameSite goes with another site’s form for two minutes',
    outcomes: {
      'https://site.test/x/y ["a=1","b=1; SameSite=Unknown"], then POST https://site.test/x/y from another site []':
        '[a=1; b=1] [a=1; b=1] [] [a=1; b=1] a /x session b /x session',
    },
  },
  {
    engine: 'Chromium',
    what: 'Expires is not quite the algorithm of the RFC',
    outcomes: {
      'https://site.test/x/y ["a=1","a=2; Expires=31 Dec 2055 23:59:59GMT"]':
        '[a=2] [] a /x session',
      'https://site.test/x/y ["a=1","a=2; Expires=31st Dec 2055 23:59:59"]':
        '[a=2] [] a /x session',
      'https://site.test/x/y ["a=1","a=2; Expires=31 Dec 2055AD 23:59:59"]':
        '[a=2] [] a /x session',
      'https://site.test/x/y ["a=1","a=2; Expires=31 Dec 2055 001:2:3"]':
        '[a=2] [] a /x 576000 minutes',
      'https://site.test/x/y ["a=1","a=2; Expires=1 Jan 0 00:00:00"]': '[] []',
      'https://site.test/x/y ["a=1","a=2; Expires=1 Jan 100 00:00:00"]': '[] []',
      'https://site.test/x/y ["a=1","a=2; Expires=1 Jan 1600 00:00:00"]': '[] []',
      'https://site.test/x/y ["a=1","a=2; Expires=1 Jan 12055 00:00:00"]':
        '[a=2] [] a /x 576000 minutes',
      'https://site.test/x/y ["a=1","a=2; Expires=1 2 Jan 2055 00:00:00"]': '[] []',
    },
  },
  {
    engine: 'Firefox',
    what: 'a cookie that says no SameSite goes with another site’s form',
    outcomes: {
      'https://site.test/x/y ["a=1","b=1; SameSite=Unknown"], then POST https://site.test/x/y from another site []':
        '[a=1; b=1] [a=1; b=1] [] [a=1; b=1] a /x session b /x session',
    },
  },
  {
    engine: 'Firefox',
    what: 'Expires is parsed as other dates are',
    outcomes: {
      'https://site.test/x/y ["a=1","a=2; Expires=31-Dec-2055-23:59:59"]': '[a=2] [] a /x session',
      'https://site.test/x/y ["a=1","a=2; Expires=31st Dec 2055 23:59:59"]':
        '[a=2] [] a /x session',
      'https://site.test/x/y ["a=1","a=2; Expires=31 Dec 2055AD 23:59:59"]':
        '[a=2] [] a /x session',
      'https://site.test/x/y ["a=1","a=2; Expires=31 Dec 2055"]': '[a=2] [] a /x 576000 minutes',
      'https://site.test/x/y ["a=1","a=2; Expires=31 Dec 2055 23:59"]':
        '[a=2] [] a /x 576000 minutes',
      'https://site.test/x/y ["a=1","a=2; Expires=31 Dec 2055 001:2:3"]':
        '[a=2] [] a /x 576000 minutes',
      'https://site.test/x/y ["a=1","a=2; Expires=31 Dec 2055 24:00:00"]':
        '[a=2] [] a /x 576000 minutes',
      'https://site.test/x/y ["a=1","a=2; Expires=31 Dec 2055 23:60:00"]':
        '[a=2] [] a /x 576000 minutes',
      'https://site.test/x/y ["a=1","a=2; Expires=31 Dec 2055 23:59:60"]':
        '[a=2] [] a /x 576000 minutes',
      'https://site.test/x/y ["a=1","a=2; Expires=0 Dec 2055 23:59:59"]':
        '[a=2] [] a /x 576000 minutes',
      'https://site.test/x/y ["a=1","a=2; Expires=30 Feb 2055 00:00:00"]':
        '[a=2] [] a /x 576000 minutes',
      'https://site.test/x/y ["a=1","a=2; Expires=29 Feb 2055 00:00:00"]':
        '[a=2] [] a /x 576000 minutes',
      'https://site.test/x/y ["a=1","a=2; Expires=29 Feb 1900 00:00:00"]': '[] []',
      'https://site.test/x/y ["a=1","a=2; Expires=31 Apr 2055 00:00:00"]':
        '[a=2] [] a /x 576000 minutes',
      'https://site.test/x/y ["a=1","a=2; Expires=31 Apr 1999 00:00:00"]': '[] []',
      'https://site.test/x/y ["a=1","a=2; Expires=1 Jan 069 00:00:00"]': '[a=2] [] a /x session',
      'https://site.test/x/y ["a=1","a=2; Expires=1 Jan 1600 00:00:00"]': '[] []',
      'https://site.test/x/y ["a=1","a=2; Expires=1 Jan 12055 00:00:00"]':
        '[a=2] [] a /x 576000 minutes',
      'https://site.test/x/y ["a=1","a=2; Expires=10/21/2099"]': '[a=2] [] a /x 576000 minutes',
      'https://site.test/x/y ["a=1","a=2; Expires=10/21/2099 00:00:00"]':
        '[a=2] [] a /x 576000 minutes',
    },
  },
  {
    engine: 'Firefox',
    what: 'Clear-Site-Data leaves partitioned cookies, and those of other hosts of the site',
    outcomes: {
      'https://site.test/x/y ["a=1","__Host-b=2; Secure; HttpOnly; Path=/","c=3; Domain=site.test"], then https://www.site.test/x/y ["d=4; Path=/"], then https://site.test/x/y Clear-Site-Data: "cookies" ["e=5"]':
        '[c=3] [a=1; c=3; __Host-b=2] [] [d=4] [] d / session',
      'https://site.test/x/y ["a=1","__Host-b=2; Secure; HttpOnly; Path=/","c=3; Domain=site.test"], then https://www.site.test/x/y ["d=4; Path=/"], then https://site.test/x/y Clear-Site-Data: "*" ["e=5"]':
        '[c=3] [a=1; c=3; __Host-b=2] [] [d=4] [] d / session',
      'https://site.test/x/y ["a=1","__Host-b=2; Secure; HttpOnly; Path=/","c=3; Domain=site.test"], then https://www.site.test/x/y ["d=4; Path=/"], then https://site.test/x/y Clear-Site-Data: "cache", "cookies" ["e=5"]':
        '[c=3] [a=1; c=3; __Host-b=2] [] [d=4] [] d / session',
      'https://site.test/x/y ["a=1"], then https://www.site.test/x/y ["d=4"], then https://www.site.test/x/y Clear-Site-Data: "cookies" []':
        '[] [d=4] [a=1] [] [a=1] a /x session',
      'https://site.test/x/y ["a=1; Secure; Partitioned","b=2"], then https://site.test/x/y Clear-Site-Data: "cookies" []':
        '[a=1; b=2] [a=1] [] [] a /x session Secure',
    },
  },
  {
    engine: 'Firefox',
    what: '__Host- needs no Path where the default path is /',
    outcomes: {
      'https://site.test/ ["__Host-a=1; Secure"]': '[__Host-a=1] [] [] __Host-a / session Secure',
    },
  },
  {
    engine: 'Firefox',
    what: 'plain http hides a Secure cookie that is of another host only',
    outcomes: {
      'https://site.test/x/y ["a=1; Secure; Path=/"], then http://www.site.test/ ["a=2; Path=/"]':
        '[] [a=1] [a=2] []',
      'https://www.site.test/x/y ["a=1; Secure; Path=/"], then http://site.test/x/y ["a=2; Path=/"]':
        '[] [a=2] [a=1] [a=2]',
    },
  },
  {
    engine: 'Firefox',
    what: 'a Max-Age of a minus without a number has passed',
    outcomes: {
      'https://site.test/x/y ["a=1; Max-Age=-"]': '[] []',
      'https://site.test/x/y ["a=1; Max-Age=--1"]': '[] []',
    },
  },
  {
    engine: 'Firefox',
    what: 'a byte that is not UTF-8 is replaced',
    outcomes: {
      'https://site.test/x/y ["a=é"]': '[a=ï¿½] [] a /x session',
    },
  },
  {
    engine: 'Firefox',
    what: 'a Set-Cookie without = is a name, and one that begins with = is refused',
    outcomes: {
      'https://site.test/x/y ["=a"]': '[] []',
      'https://site.test/x/y ["a"]': '[a=] [] a /x session',
      'https://site.test/x/y ["a","b","=c"]': '[a=; b=] [] a /x session b /x session',
      'https://site.test/x/y ["a=1","a"]': '[a=] [] a /x session',
      'https://site.test/x/y ["xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…4096"]':
        '[xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…4099 [] xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…4107',
      'https://site.test/x/y ["b","a=1","c"]':
        '[b=; a=1; c=] [] a /x session b /x session c /x session',
    },
  },
]
