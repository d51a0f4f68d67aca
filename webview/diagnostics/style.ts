/** The page's style sheet, beside that of the charts. */
export const pageStyle = `
body { color: var(--sigmascope-foreground); background: var(--sigmascope-background); padding: 0; margin: 0; font-family: var(--vscode-font-family, system-ui, sans-serif); font-size: var(--vscode-font-size, 13px); line-height: 1.45; }
main { max-width: 1680px; margin: 0 auto; padding: 0.9rem clamp(0.75rem, 2vw, 2rem) 3rem; }
h1 { font-size: 1.35rem; line-height: 1.25; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.05rem; margin: 1.1rem 0 0.4rem; }
h3 { font-size: 0.95rem; margin: 0; }
p { margin: 0.25rem 0; }
.muted, figcaption p, .readout { color: var(--sigmascope-muted); }
figcaption p, .readout { font-size: 0.85em; }
.state-line { display: flex; flex-wrap: wrap; gap: 0.2rem 0.8rem; align-items: baseline; margin: 0.25rem 0; font-variant-numeric: tabular-nums; }
.pill { border: 1px solid var(--sigmascope-muted); border-radius: 999px; padding: 0 0.65rem; font-weight: 600; }
.pill[data-state="running"], .pill[data-state="starting"] { border-color: var(--sigmascope-allowed); }
.pill[data-state="failed"], .pill[data-state="unreadable"] { border-color: var(--severity-error); color: var(--severity-error); }
.pill[data-state="interrupted"] { border-color: var(--severity-warning); color: var(--severity-warning); }
progress { width: 100%; height: 4px; display: block; margin: 0.3rem 0 0.5rem; accent-color: var(--vscode-progressBar-background, #0b5fb0); }
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(10.5rem, 1fr)); gap: 0.4rem 1.4rem; margin: 0.6rem 0; }
.figures dt { color: var(--sigmascope-muted); font-size: 0.85em; }
.figures dd { margin: 0; font-weight: 600; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.problem { white-space: pre-line; border-left: 4px solid var(--severity-error); padding-left: 0.8rem; overflow-wrap: anywhere; }
.problem[hidden], [hidden] { display: none !important; }
.controls-row, .buttons { display: flex; flex-wrap: wrap; gap: 0.4rem; margin: 0.5rem 0 0; }
.findings { list-style: none; margin: 0; padding: 0; }
.finding { border-left: 4px solid var(--severity); padding: 0.1rem 0 0.1rem 0.9rem; margin: 0 0 0.8rem; max-width: 66rem; }
.finding-head { display: flex; flex-wrap: wrap; gap: 0.15rem 0.7rem; align-items: baseline; }
.severity { color: var(--severity); font-weight: 600; }
:root { --severity-error: #cf222e; --severity-warning: #9a6700; --severity-information: #0b5fb0; }
body.vscode-dark, body.vscode-high-contrast { --severity-error: #ff7b72; --severity-warning: #e3b341; --severity-information: #62a8f5; }
body.vscode-high-contrast-light { --severity-error: #b5200d; --severity-warning: #7a5200; --severity-information: #0b5fb0; }
.error { --severity: var(--severity-error); }
.warning { --severity: var(--severity-warning); }
.information { --severity: var(--severity-information); }
code { font-family: var(--vscode-editor-font-family, ui-monospace, monospace); font-size: 0.92em; color: var(--vscode-textPreformat-foreground, inherit); background: var(--vscode-textPreformat-background, var(--sigmascope-grid)); border-radius: 4px; padding: 0.1rem 0.4rem; }
.toolbar { position: sticky; top: 0; z-index: 2; display: flex; flex-wrap: wrap; gap: 0.4rem 0.8rem; align-items: center; padding: 0.5rem 0; margin: 0.8rem 0 0.6rem; background: var(--sigmascope-background); border-bottom: 1px solid var(--sigmascope-grid); }
.toolbar .step { display: flex; flex: 1 1 18rem; align-items: center; gap: 0.6rem; }
.toolbar input[type="range"] { flex: 1; min-width: 6rem; accent-color: var(--sigmascope-series-0); }
.toolbar output { min-width: 8.5rem; font-variant-numeric: tabular-nums; }
.choices { display: flex; flex-wrap: wrap; gap: 0.4rem 0.8rem; align-items: center; }
.plots { display: grid; grid-auto-flow: dense; gap: 1.4rem 2rem; grid-template-columns: minmax(0, 1fr); }
@media (min-width: 900px) { .plots { grid-template-columns: repeat(2, minmax(0, 1fr)); } .wide { grid-column: 1 / -1; } }
figure { margin: 0; min-width: 0; display: flex; flex-direction: column; }
figcaption { display: grid; grid-template-columns: 1fr auto; gap: 0.1rem 0.8rem; align-items: start; margin-bottom: 0.3rem; }
figcaption p { grid-column: 1 / -1; min-height: 1.45em; }
.plot-tools { display: flex; gap: 0.15rem; }
.plot-tools button { font: inherit; font-size: 0.8em; color: var(--vscode-textLink-foreground, var(--sigmascope-foreground)); background: none; border: 1px solid transparent; border-radius: 3px; padding: 0.05rem 0.4rem; cursor: pointer; }
.plot-tools button:hover { background: var(--vscode-toolbar-hoverBackground, var(--sigmascope-grid)); }
.plot-tools button[aria-pressed="true"] { border-color: var(--sigmascope-muted); }
.plot { position: relative; touch-action: pan-y; }
.plot svg { position: relative; }
.plot canvas { position: absolute; }
.readout { min-height: 1.45em; font-variant-numeric: tabular-nums; }
.empty { color: var(--sigmascope-muted); padding: 2rem 0; text-align: center; }
.scroll { overflow: auto; }
.tall { max-height: 24rem; border: 1px solid var(--sigmascope-grid); margin: 0 0 1rem; }
.numbers { border-collapse: collapse; font-size: 0.9em; font-variant-numeric: tabular-nums; width: 100%; }
/* Columns of a width of their own: else each new number would have all rows measured anew. */
.moment-tables .numbers { table-layout: fixed; }
.moment-tables .tall { contain: content; }
.numbers th, .numbers td { text-align: right; padding: 0.15rem 0.75rem; white-space: nowrap; font-weight: 400; }
.numbers thead th { position: sticky; top: 0; background: var(--sigmascope-background); border-bottom: 1px solid var(--sigmascope-grid); font-weight: 600; }
.numbers caption { text-align: left; padding: 0.4rem 0.75rem; color: var(--sigmascope-muted); }
:focus-visible { outline: 2px solid var(--vscode-focusBorder, var(--sigmascope-series-0)); outline-offset: 2px; }
body.vscode-high-contrast .plot-tools button, body.vscode-high-contrast-light .plot-tools button { border-color: var(--vscode-contrastBorder); }
body.vscode-high-contrast .plot-tools button[aria-pressed="true"], body.vscode-high-contrast-light .plot-tools button[aria-pressed="true"] { color: var(--sigmascope-background); background: var(--sigmascope-foreground); }
`;
