import {
  type Afterwards,
  DEFAULT_REQUESTS,
  type Lane,
  type LaneReport,
  LANES,
  MAX_REQUESTS,
} from '../lab/lanes.ts'
import { heading } from './docs-page.ts'
import type { Forms } from './forms.ts'
import { html, type Html } from './html.ts'

const FATES: Readonly<Record<Afterwards, string>> = {
  dead: 'stays dead',
  resurrected: 'resurrected',
  missed: 'no race: the slow request was over before',
}

/** Returns the race lab: forms to run it, and a chart of the last run's results. */
export function labSection(forms: Forms, reports: readonly LaneReport[] | undefined): Html {
  const count = reports?.[0]?.sent ?? DEFAULT_REQUESTS
  const isLive = reports === undefined ? html`` : html`data-live`
  return html`
    <section class="lab" aria-labelledby="lab-title">
      ${heading('lab-title', 'Race lab', 'stores.md')}
      <p>
        Parallel requests count in one session, kept in three ways. Which counts get lost, and does
        a sign-out last?
      </p>
      ${forms.form(
        '/lab',
        html`<label
            >Requests
            <input
              name="count"
              type="number"
              min="2"
              max="${String(MAX_REQUESTS)}"
              value="${String(count)}"
              required
          /></label>
          <button type="button" id="fire" class="primary" data-scripted hidden>
            Fire from this browser
          </button>
          <button>Fire from the Worker</button>`,
        'buttons',
      )}
      <p id="lab-status" role="status" ${isLive}>
        ${reports === undefined ? '' : summary(reports)}
      </p>
      <ol id="lab" class="lanes" ${isLive}>
        ${LANES.map((lane) =>
          laneItem(
            lane,
            count,
            reports?.find((report) => report.lane === lane.id),
          ),
        )}
      </ol>
      <p class="legend">
        <svg viewBox="0 0 1 1" aria-hidden="true">
          <rect class="arrived" width="1" height="1" />
        </svg>
        arrived
        <svg viewBox="0 0 1 1" aria-hidden="true"><rect class="lost" width="1" height="1" /></svg>
        acknowledged, and lost
      </p>
      <details>
        <summary>How it is measured</summary>
        <p class="quiet">
          Each request does 20 ms of work between its read and its write. Then a visitor signs out
          while a slow request of the same session is under way, which writes afterwards; the lab
          looks if the old cookie still opens the session. The requests are real, and so are the
          stores. A browser has about six requests at a time on their way to one host over HTTP/1.1;
          the Worker sends all of them to itself at once. The KV of this machine’s simulator is
          strongly consistent: in production another location may see a change, or a sign-out, up to
          60 s later, so that KV does worse there.
        </p>
      </details>
    </section>
  `
}

/** Returns the outcome in one sentence, for screen readers. The browser's lab writes the same. */
function summary(reports: readonly LaneReport[]): string {
  const lost = reports.map((report) => {
    const name = LANES.find(({ id }) => id === report.lane)?.name ?? report.lane
    return `${name}: ${report.acknowledged - report.arrived} lost`
  })
  return `Done. ${lost.join('; ')}.`
}

function laneItem(lane: Lane, count: number, report: LaneReport | undefined): Html {
  return html`
    <li data-lane="${lane.id}" class="${report === undefined ? '' : 'done'}">
      <h3>${lane.name}</h3>
      <svg
        class="chart"
        role="img"
        aria-label="${report === undefined ? 'No run yet' : countsText(report)}"
        viewBox="0 0 ${String(count)} 1"
        preserveAspectRatio="none"
      >
        ${Array.from({ length: count }, (_, index) => cell(index, report))}
      </svg>
      <p class="counts" data-counts>${report === undefined ? '' : countsText(report)}</p>
      <small data-overlap>${report === undefined ? '' : overlapText(report)}</small>
      <p class="fate">
        After signing out:
        <b data-fate="${report?.afterwards ?? ''}"
          >${report === undefined ? '–' : FATES[report.afterwards]}</b
        >
        <small data-slow>${report === undefined ? '' : slowText(report)}</small>
      </p>
      <details>
        <summary>${lane.about}</summary>
        <pre><code>${lane.code}</code></pre>
      </details>
    </li>
  `
}

/** Returns one request of the chart. Those that arrived come before those that were lost. */
function cell(index: number, report: LaneReport | undefined): Html {
  const state = report === undefined ? 'idle' : stateOf(index, report)
  return html`<rect
    class="${state}"
    x="${String(index + 0.1)}"
    y="0.05"
    width="0.8"
    height="0.9"
  />`
}

function stateOf(index: number, { acknowledged, arrived }: LaneReport): string {
  if (index < arrived) return 'arrived'
  return index < acknowledged ? 'lost' : 'idle'
}

function countsText({ sent, acknowledged, arrived }: LaneReport): string {
  return `${sent} sent, ${arrived} arrived, ${acknowledged - arrived} lost`
}

function overlapText({ overlap }: LaneReport): string {
  return `${overlap} at the same time`
}

function slowText({ slowStatus }: LaneReport): string {
  return `the slow write was answered ${slowStatus}`
}
