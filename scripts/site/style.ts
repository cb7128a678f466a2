/** The style of the page: the system's font, light or dark as the visitor has it, from 320 pixels of width on. */
export const STYLE: string = `
:root {
  color-scheme: light dark;
  --ground: light-dark(#f6f7f9, #0f1216); --card: light-dark(#fff, #171b21);
  --text: light-dark(#1a2029, #e7ebf0); --quiet: light-dark(#566173, #9ca7b6);
  --line: light-dark(#dde1e7, #2b323b); --faint: light-dark(#f0f2f5, #1f252d);
  --accent: light-dark(#1a56c4, #8fb8ff); --good: light-dark(#14743f, #66d197); --bad: light-dark(#b3261e, #ff9b90);
}
* { box-sizing: border-box }
[hidden] { display: none !important }
body { margin: 0; background: var(--ground); color: var(--text); font: 1rem/1.55 system-ui, sans-serif; overflow-wrap: anywhere }
header, main, footer { max-width: 64rem; margin: 0 auto; padding: 0 1rem }
header { padding-top: 3rem }
h1 { margin: 0; font-size: clamp(2rem, 7vw, 3rem); letter-spacing: -.03em; line-height: 1.1 }
h2 { margin: 2.5rem 0 .75rem; font-size: 1.375rem; letter-spacing: -.01em }
h3 { margin: 0 0 .25rem; font-size: 1rem }
h4 { margin: 1rem 0 .375rem; color: var(--quiet); font-size: .8125rem; font-weight: 600 }
p { margin: 0 0 .75rem; max-width: 44rem }
.lead { margin-top: .75rem; font-size: 1.1875rem }
small, .quiet { color: var(--quiet); font-size: .8125rem }
a { color: var(--accent) }
code, pre { font: .875rem/1.5 ui-monospace, SFMono-Regular, Menlo, monospace }
pre { max-width: 44rem; margin: 1rem 0; padding: .75rem 1rem; overflow-x: auto; border-radius: .5rem; background: var(--faint) }
pre code { white-space: pre-wrap }
button { min-height: 2.25rem; padding: .25rem .875rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--faint); color: var(--text); font: inherit; font-size: .875rem; cursor: pointer }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px }
.race { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)); gap: 1rem; margin: 1rem 0 }
.race section { padding: 1rem 1.125rem; border: 1px solid var(--line); border-radius: .875rem; background: var(--card) }
.race ol { margin: 0; padding: 0; list-style: none }
.race li { display: grid; grid-template-columns: 6.25rem minmax(0, 1fr) 4.75rem; align-items: center; gap: .5rem; font-size: .8125rem; line-height: 1.4; padding: .125rem 0 }
.race li b { color: var(--quiet); font-weight: 400 }
.track { position: relative; height: .75rem; border-radius: .25rem; background: var(--faint) }
.track i { position: absolute; left: var(--left); width: max(2px, var(--width)); height: 100%; border-radius: .25rem; background: var(--accent); transform-origin: left }
.race strong { display: block; margin-top: .5rem; font-size: .9375rem }
strong.good { color: var(--good) }
strong.bad, td.bad span { color: var(--bad) }
@media (prefers-reduced-motion: no-preference) {
  .play .track i { animation: grow var(--for) linear var(--at) both }
  .play .told { animation: show .3s var(--at) both }
  @keyframes grow { from { transform: scaleX(0) } }
  @keyframes show { from { opacity: 0 } }
}
table { width: 100%; border-collapse: collapse; font-size: .875rem }
caption { padding-bottom: .5rem; text-align: left }
th, td { padding: .5rem .75rem .5rem 0; border-top: 1px solid var(--line); text-align: left; vertical-align: top; font-weight: 400; overflow-wrap: normal }
thead :is(th, td) { border-top: 0 }
tbody th, thead b { font-weight: 600 }
th small { display: block }
@media (max-width: 56rem) {
  thead { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden }
  table, tbody, tr, th, td { display: block }
  tr { padding: .75rem 0; border-top: 1px solid var(--line) }
  th, td { padding: .125rem 0; border: 0 }
  td { display: grid; grid-template-columns: 8rem minmax(0, 1fr); gap: .75rem }
  td::before { content: attr(data-of); color: var(--quiet) }
}
.links { columns: 16rem; margin: 0; padding: 0; list-style: none }
.links li { padding: .1875rem 0; break-inside: avoid }
footer { padding-top: 2rem; padding-bottom: 2rem }
`
