/** The Live view's style sheet, beside that of the charts: a strip that fills its panel. */
export const liveStyle = `
html, body { height: 100%; }
body { margin: 0; padding: 0; color: var(--sigmascope-foreground); font-family: var(--vscode-font-family, system-ui, sans-serif); font-size: var(--vscode-font-size, 13px); line-height: 1.4; --sigmascope-background: var(--vscode-panel-background, var(--vscode-editor-background, #ffffff)); }
main { height: 100%; }
[hidden] { display: none !important; }
.strip { display: grid; grid-template-columns: minmax(13rem, 17rem) minmax(0, 1fr) minmax(0, 1fr); gap: 0.4rem 1.2rem; height: 100%; box-sizing: border-box; padding: 0.4rem 1rem; }
.about { min-width: 0; overflow-y: auto; }
h1 { font-size: 1em; margin: 0; overflow-wrap: anywhere; }
p { margin: 0.1rem 0; }
.state { color: var(--sigmascope-muted); font-variant-numeric: tabular-nums; }
dl { display: grid; grid-template-columns: auto 1fr; gap: 0 0.8rem; margin: 0.2rem 0; }
dt { color: var(--sigmascope-muted); }
dd { margin: 0; font-variant-numeric: tabular-nums; }
.finding { white-space: pre-line; color: var(--sigmascope-warning); }
.buttons { display: flex; flex-wrap: wrap; gap: 0.3rem; margin: 0.3rem 0; }
.plot { min-width: 0; min-height: 110px; height: 100%; overflow: hidden; }
.empty { color: var(--sigmascope-muted); padding: 1rem; }
@media (max-width: 760px) {
  .strip { grid-template-columns: repeat(2, minmax(0, 1fr)); grid-template-rows: auto minmax(150px, 1fr); height: auto; min-height: 100%; }
  .about { grid-column: 1 / -1; }
  .plot { height: 170px; }
}
@media (max-width: 560px) { .strip { grid-template-columns: minmax(0, 1fr); } }
`;
