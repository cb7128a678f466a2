import type { LaneRecord, Recording, RequestRecord } from './recording.ts'

/** The number of times that the animation is slower than the recording. */
export const slowness = 8

const ABOUT = {
  naive: [
    'Load, change, write back',
    'A session middleware that writes the whole session, in a Durable Object too.',
  ],
  objects: ['edge-session', '<code>session.increment()</code>, on Durable Objects.'],
} as const

/** Returns one side of the recorded race. Both sides have the same scale. */
export function laneSection({ lanes }: Recording, index: number): string {
  const lane = lanes[index]
  if (lane === undefined) throw new Error('The recording lacks a lane. Record it again.')
  const [first, second] = [endOf(lanes, 'increments'), endOf(lanes, 'signOut')]
  const { increments, stored, signOut, opensAfterwards } = lane
  const [title, about] = ABOUT[lane.lane]
  const lost = increments.length - stored
  const counted = lost === 0 ? 'none lost' : `${lost} lost`
  const rest = opensAfterwards === null
  return `<section aria-labelledby="lane-${lane.lane}">
<h3 id="lane-${lane.lane}">${title}</h3>
<small>${about}</small>
<h4>${increments.length} increments at the same time</h4>
<ol>
${increments.map((request) => bar(request, first, 0, `got ${request.count ?? '?'}`)).join('\n')}
</ol>
${verdict(`The store has ${stored}: ${counted}`, lost === 0, first)}
<h4>Sign-out during a slow request</h4>
<ol>
${signOut.map((request) => bar(request, second, first, told(lane, request))).join('\n')}
</ol>
${verdict(rest ? 'The old cookie opens nothing' : `The old cookie opens ${opensAfterwards}’s session again`, rest, first + second)}
</section>`
}

function told({ opensAfterwards }: LaneRecord, { what, status }: RequestRecord): string {
  if (!what.startsWith('read')) return String(status)
  return opensAfterwards ?? 'no session'
}

/** A request as a bar on the scale of its part, which begins after `start` milliseconds. */
function bar(
  { what, from, to }: RequestRecord,
  scale: number,
  start: number,
  text: string,
): string {
  const percent = (ms: number): string => `${((ms / scale) * 100).toFixed(1)}%`
  const style = `--left:${percent(from)};--width:${percent(to - from)};--at:${seconds(start + from)};--for:${seconds(to - from)}`
  return `<li><b>${what}</b><span class="track" style="${style}"><i></i></span><span class="told" style="--at:${seconds(start + to)}">${text}</span></li>`
}

function verdict(text: string, isGood: boolean, at: number): string {
  return `<strong class="told ${isGood ? 'good' : 'bad'}" style="--at:${seconds(at)}">${isGood ? '✓' : '✗'} ${text}</strong>`
}

/** The time of the animation for a time of the recording. */
function seconds(ms: number): string {
  return `${((ms * slowness) / 1000).toFixed(2)}s`
}

function endOf(lanes: readonly LaneRecord[], part: 'increments' | 'signOut'): number {
  return Math.max(...lanes.flatMap((lane) => lane[part].map(({ to }) => to)))
}
