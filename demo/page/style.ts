/** The page's style: the system's font, light or dark as the visitor prefers, from a width of 320 pixels. */
export const STYLE: string = `
:root {
  color-scheme: light dark;
  --ground: light-dark(#f6f7f9, #0f1216);
  --card: light-dark(#fff, #171b21);
  --text: light-dark(#1a2029, #e7ebf0);
  --quiet: light-dark(#566173, #9ca7b6);
  --line: light-dark(#dde1e7, #2b323b);
  --edge: light-dark(#7d8898, #748091);
  --faint: light-dark(#f0f2f5, #1f252d);
  --accent: light-dark(#1a56c4, #8fb8ff);
  --good: light-dark(#14743f, #66d197);
  --bad: light-dark(#b3261e, #ff9b90);
}
* { box-sizing: border-box }
html { scroll-padding: 4rem 0 }
[hidden] { display: none !important }
body { margin: 0; background: var(--ground); color: var(--text); font: .9375rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere }
main { max-width: 76rem; margin: 0 auto; padding: 1.5rem 1rem 0 }
h1 { display: inline-block; margin: 0 1.25rem .75rem 0; font-size: 1.375rem; letter-spacing: -.01em }
h2 { margin: 0 0 .75rem; font-size: 1.0625rem }
h3 { margin: 0 0 .375rem; font-size: .9375rem }
p { margin: 0 0 .75rem }
a { color: var(--accent) }
small, .quiet { color: var(--quiet); font-size: .8125rem }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, monospace; font-size: .8125rem }
pre { margin: .5rem 0 0; padding: .625rem .75rem; white-space: pre-wrap; border-radius: .5rem; background: var(--faint) }
section, .start { margin-bottom: 1rem; padding: 1.125rem 1.25rem; border: 1px solid var(--line); border-radius: .875rem; background: var(--card) }
section > :last-child, section > :last-child > :last-child { margin-bottom: 0 }
section > details { margin-bottom: .75rem }
.heading { display: flex; align-items: baseline; justify-content: space-between; gap: 1rem }
.heading a { font-size: .8125rem }
.unseen { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%) }
.start { border-color: var(--accent) }
.start h2, .start p { margin-bottom: .5rem }
.good { color: var(--good) }
.bad { color: var(--bad) }

nav { display: inline-flex; gap: .25rem; margin-bottom: 1rem; padding: .1875rem; border-radius: .625rem; background: var(--line) }
nav a { padding: .25rem .75rem; border-radius: .5rem; color: var(--quiet); text-decoration: none }
nav a[aria-current] { background: var(--card); color: var(--text) }
/* What has happened is seen wherever the page has been scrolled to. */
.messages { position: sticky; z-index: 1; top: 0; max-height: 40vh; overflow: auto }
.flash { padding: .75rem 1rem; border-radius: .75rem; background: color-mix(in srgb, var(--accent) 14%, var(--card)) }
.flash strong { margin-right: .5rem }
[role=alert] .flash { background: color-mix(in srgb, var(--bad) 14%, var(--card)) }
@media (min-width: 60rem) {
  .columns { display: grid; grid-template-columns: minmax(0, 7fr) minmax(0, 6fr); gap: 0 1rem }
}

dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .25rem 1rem; margin: 0 0 .75rem }
dt { color: var(--quiet) }
dd { margin: 0 }
.timeout { display: grid; grid-template-columns: 1fr auto; gap: .25rem; margin-bottom: .75rem }
.timeout output { font-variant-numeric: tabular-nums; font-weight: 600 }
.timeout.over output { color: var(--bad) }
progress { grid-column: 1 / -1; width: 100%; height: .375rem; border: 0; border-radius: .25rem; overflow: hidden; background: var(--faint); accent-color: var(--accent) }
progress::-webkit-progress-bar { background: var(--faint) }
progress::-webkit-progress-value { background: var(--accent) }
progress::-moz-progress-bar { background: var(--accent) }

table { width: 100%; margin-bottom: .75rem; border-collapse: collapse }
th, td { padding: .5rem .75rem .5rem 0; border-top: 1px solid var(--line); text-align: left; vertical-align: top; font-weight: normal }
thead th, thead td { padding-top: 0; border-top: 0; color: var(--quiet); font-size: .8125rem }
th:last-child, td:last-child { padding-right: 0 }
tbody th { font-weight: 600 }
th { overflow-wrap: normal; white-space: nowrap }
.dictionary { table-layout: fixed }
.dictionary th:first-child { width: 3.75rem }
.dictionary th:last-child { width: 38% }
.json { display: block; margin-top: .25rem; color: var(--quiet) }
.documents { columns: 20rem 3 }
.documents > div { padding-bottom: .75rem; break-inside: avoid }
.documents ul { margin: 0; padding-left: 1.25rem }
.devices { margin: 0 0 .75rem; padding: 0; list-style: none }
.devices li { display: flex; align-items: start; justify-content: space-between; gap: .5rem 1rem; padding: .5rem 0; border-top: 1px solid var(--line) }
.devices div { min-width: 0 }
.devices small { display: block }
.agent { overflow: hidden; white-space: nowrap; text-overflow: ellipsis }

form { margin: 0 }
.buttons { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem; margin-bottom: .75rem }
.buttons > * { min-width: 0; max-width: 100% }
td .buttons { margin: 0 }
.joined { display: flex; margin-bottom: .5rem }
td .joined { margin: 0 }
button, input, select { min-height: 2.125rem; padding: .25rem .75rem; border: 1px solid var(--edge); border-radius: .5rem; background: var(--card); color: var(--text); font: inherit; font-size: .875rem }
button { background: var(--faint); white-space: nowrap; cursor: pointer }
[aria-labelledby=bound-title] button { white-space: normal }
button.primary { border-color: var(--accent); background: var(--accent); color: var(--card); font-weight: 600 }
button.danger { border-color: var(--bad); color: var(--bad) }
button:hover { border-color: var(--accent); color: var(--accent) }
button.primary:hover { border-color: var(--text); color: var(--card) }
button.danger:hover { background: var(--bad); color: var(--card) }
:is(button, input):disabled { border: 1px dashed var(--line); background: none; color: var(--quiet); opacity: .6; cursor: not-allowed }
[aria-busy] button { opacity: .6 }
.joined > :is(input, select) { flex: 1; min-width: 0; border-radius: .5rem 0 0 .5rem }
.joined > button { margin-left: -1px; border-radius: 0 .5rem .5rem 0 }
::placeholder { color: var(--quiet); opacity: 1; font-style: italic }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px }
.card { display: grid; gap: .75rem; max-width: 24rem; margin-bottom: .75rem }
.card label { display: grid; gap: .25rem; color: var(--quiet) }
.card .check { display: flex; align-items: center }
.card button { justify-self: start }
[type=number] { width: 5rem }
[type=checkbox] { min-height: 0; vertical-align: middle }

.token { padding: .625rem .75rem; border-radius: .5rem; background: var(--faint); font: .8125rem/1.6 ui-monospace, SFMono-Regular, Menlo, monospace; word-break: break-all }
.token .key, .token .handle { color: var(--accent) }
.token .used, .token .mac { color: var(--good) }
.token .secret { color: var(--quiet) }
.tabs { display: grid; grid-template-columns: 1fr 1fr; gap: 1rem }
.tabs ol { min-height: 8rem; margin: 0; padding: .5rem .75rem; border: 1px solid var(--line); border-radius: .5rem; list-style: none; font-size: .8125rem }
iframe { display: block; width: 100%; height: 12rem; margin-bottom: .75rem; border: 1px dashed var(--edge); border-radius: .5rem; background: var(--ground) }
.csrf { color: var(--quiet); word-break: break-all }
.intro { color: var(--quiet) }

.lanes { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 19rem), 1fr)); gap: 1rem 1.5rem; margin: 1rem 0; padding: 0; list-style: none }
.chart { display: block; width: 100%; height: 2.5rem }
.chart rect, .legend rect { stroke-width: 1.5px; vector-effect: non-scaling-stroke; fill: var(--faint); stroke: none }
.chart .answered { fill: var(--line) }
.chart .arrived, .legend .arrived { fill: var(--accent); stroke: var(--accent) }
.chart .lost, .legend .lost { fill: color-mix(in srgb, var(--bad) 12%, transparent); stroke: var(--bad); stroke-dasharray: 3 2 }
.lanes small { display: block; min-height: 1.5em }
.counts { min-height: 1.5em; margin: .375rem 0 0; font-variant-numeric: tabular-nums }
.fate { margin: 0 0 .375rem }
[data-fate=dead] { color: var(--good) }
[data-fate=resurrected] { color: var(--bad) }
.lanes summary { color: var(--quiet); font-size: .8125rem }
.legend { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem; font-size: .8125rem }
.legend svg { width: .875rem; height: .875rem }

summary { cursor: pointer }
footer { margin-bottom: 1rem; color: var(--quiet) }
.cost { position: sticky; bottom: 0; margin: 0 -1rem; padding: .625rem 1rem; border-top: 1px solid var(--line); background: var(--card); box-shadow: 0 -4px 16px light-dark(#0000000d, #0006) }
.cost p { margin: .5rem 0 }
.cost ol { margin: 0; padding-left: 1.25rem; color: var(--quiet) }

@media (max-width: 40rem) {
  section { padding: 1rem }
  main { padding-top: .75rem }
  .lanes { gap: .75rem; margin: .5rem 0 }
  .lanes .chart { height: 1.5rem }
  .lanes small { display: inline; min-height: 0 }
  .dictionary thead { position: absolute; clip-path: inset(50%) }
  .dictionary tr { display: block; padding: .625rem 0; border-top: 1px solid var(--line) }
  .dictionary :is(th, td) { display: block; width: auto; padding: .125rem 0; border: 0 }
  .dictionary td:last-child { margin-top: .375rem }
  .dictionary th:first-child { width: auto }
}
`
