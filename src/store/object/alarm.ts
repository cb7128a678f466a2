/** The runtime refuses later alarms: `This API doesn't support dates after 2189.` */
const LAST_ALARM = Date.UTC(2189, 0)

/** Returns the time for an alarm at this time, or the latest possible one. Each alarm sets the next one. */
export function alarmAt(time: number): number {
  return Math.min(time, LAST_ALARM)
}
