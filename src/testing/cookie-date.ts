const DELIMITERS = /[\t\x20-\x2F\x3B-\x40\x5B-\x60\x7B-\x7E]+/
const TIME = /^\d{1,2}:\d{1,2}:\d{1,2}(?!\d)/
const DAY = /^\d{1,2}(?!\d)/
const MONTH = /^(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)/i
const YEAR = /^\d{2,4}(?!\d)/
/** Each token is the first of these that it matches and that has not been found yet. */
const PARTS = [TIME, DAY, MONTH, YEAR]
const MONTHS = 'janfebmaraprmayjunjulaugsepoctnovdec'
const FIRST_YEAR = 1601

/**
 * Returns the date of an Expires attribute in milliseconds since 1970, or `undefined` if it is not a date, by the
 * algorithm of RFC 6265bis section 5.1.1. Unlike `Date.parse`, it needs a time, a day, a month's name and a year, in
 * any order, and ignores the rest, such as a time zone.
 */
export function parseCookieDate(text: string): number | undefined {
  const found: string[] = []
  for (const token of text.split(DELIMITERS)) {
    const part = PARTS.findIndex((pattern, index) => !(index in found) && pattern.test(token))
    if (part >= 0) found[part] = token
  }
  const [time, day, month, year] = found
  if (time === undefined || day === undefined || month === undefined || year === undefined) {
    return undefined
  }
  const milliseconds = midnightOf(parseInt(year, 10), month, parseInt(day, 10)) + timeOf(time)
  return Number.isNaN(milliseconds) ? undefined : milliseconds
}

/** Returns `NaN` for an invalid time of day. There are no leap seconds. */
function timeOf(token: string): number {
  const [hour = NaN, minute = NaN, second = NaN] = token
    .split(':')
    .map((part) => parseInt(part, 10))
  const isTime = hour < 24 && minute < 60 && second < 60
  return isTime ? ((hour * 60 + minute) * 60 + second) * 1000 : NaN
}

/** Returns `NaN` for a day that is not in the calendar, such as 30 February, or that is before 1601. */
function midnightOf(shownYear: number, monthName: string, day: number): number {
  const year = fullYear(shownYear)
  const month = MONTHS.indexOf(monthName.slice(0, 3).toLowerCase()) / 3
  const date = new Date(Date.UTC(year, month, day))
  return year >= FIRST_YEAR && date.getUTCMonth() === month ? date.getTime() : NaN
}

/** Two digits are a year from 1970 to 2069. */
function fullYear(year: number): number {
  if (year >= 70 && year <= 99) return year + 1900
  return year < 70 ? year + 2000 : year
}
