/** The report page's style sheet, beside that of the charts. */
export const pageStyle = `
body { color: var(--sigmascope-foreground); background: var(--sigmascope-background); }
main { max-width: 1560px; margin: 0 auto; padding: 1.25rem clamp(0.75rem, 2.5vw, 2.5rem) 3rem; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 0.15rem; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 2rem 0 0.6rem; }
h3 { font-size: 0.95rem; margin: 0; overflow-wrap: anywhere; }
p { margin: 0.25rem 0; }
small { display: block; font-weight: 400; }
.muted, small, figcaption p, .readout { color: var(--sigmascope-muted); }
figcaption p, .readout, small { font-size: 0.8rem; }
.grid-of-cards { display: grid; gap: 1.5rem 2rem; grid-template-columns: minmax(0, 1fr); }
@media (min-width: 900px) { .grid-of-cards { grid-template-columns: repeat(2, minmax(0, 1fr)); } }
figure { margin: 0; display: flex; flex-direction: column; }
figcaption { min-height: 3.4rem; margin-bottom: 0.35rem; }
@media (max-width: 899px) { figcaption { min-height: 0; } }
.readout { min-height: 1.3em; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; }
.tall { max-height: 24rem; overflow-y: auto; border: 1px solid var(--sigmascope-grid); }
table { border-collapse: collapse; }
.summary caption { text-align: left; color: var(--sigmascope-muted); padding: 0.8rem 0 0.2rem; }
.summary { min-width: min(100%, 34rem); }
.summary th, .summary td { text-align: left; vertical-align: top; padding: 0.3rem 1.5rem 0.3rem 0; border-bottom: 1px solid var(--sigmascope-grid); max-width: 32rem; }
.summary tbody th { font-weight: 400; color: var(--sigmascope-muted); white-space: nowrap; }
.summary td { min-width: 11rem; overflow-wrap: anywhere; }
.numbers { font-size: 0.8rem; font-variant-numeric: tabular-nums; width: 100%; }
.numbers th, .numbers td { text-align: right; padding: 0.15rem 0.75rem; white-space: nowrap; }
.numbers thead th { position: sticky; top: 0; background: var(--sigmascope-background); border-bottom: 1px solid var(--sigmascope-grid); }
.numbers caption { text-align: left; padding: 0.4rem 0.75rem; color: var(--sigmascope-muted); }
details { margin: 0.5rem 0; }
details > summary { cursor: pointer; padding: 0.2rem 0; }
.swatch { display: inline-block; width: 0.7rem; height: 0.7rem; border-radius: 2px; background: var(--series); margin-right: 0.45rem; }
.findings, .moments { list-style: none; margin: 0; padding: 0; }
.finding { border-left: 4px solid var(--severity); padding: 0.15rem 0 0.15rem 0.9rem; margin: 0 0 0.9rem; max-width: 62rem; }
.finding-head { display: flex; flex-wrap: wrap; gap: 0.15rem 0.7rem; align-items: baseline; }
.severity { color: var(--severity); font-weight: 600; }
.error { --severity: #cf222e; }
.warning { --severity: #9a6700; }
.information { --severity: #0b5fb0; }
@media (prefers-color-scheme: dark) {
  .error { --severity: #ff7b72; }
  .warning { --severity: #e3b341; }
  .information { --severity: #62a8f5; }
}
body.vscode-dark .error, body.vscode-high-contrast .error { --severity: #ff7b72; }
body.vscode-dark .warning, body.vscode-high-contrast .warning { --severity: #e3b341; }
body.vscode-dark .information, body.vscode-high-contrast .information { --severity: #62a8f5; }
body.vscode-light .error, body.vscode-high-contrast-light .error { --severity: #cf222e; }
body.vscode-light .warning, body.vscode-high-contrast-light .warning { --severity: #9a6700; }
body.vscode-light .information, body.vscode-high-contrast-light .information { --severity: #0b5fb0; }
code { font: 0.9em ui-monospace, "Cascadia Code", Menlo, Consolas, monospace; color: var(--vscode-textPreformat-foreground, inherit); background: var(--vscode-textPreformat-background, var(--sigmascope-grid)); border-radius: 4px; padding: 0.1rem 0.4rem; white-space: nowrap; }
.controls { position: sticky; top: 0; z-index: 1; display: flex; flex-wrap: wrap; gap: 0.4rem 1.5rem; align-items: center; padding: 0.5rem 0; margin: 0 0 0.75rem; background: var(--sigmascope-background); border-bottom: 1px solid var(--sigmascope-grid); }
.controls label { display: flex; align-items: center; gap: 0.6rem; }
.controls .step { flex: 1 1 20rem; }
.controls select { font: inherit; color: inherit; background: var(--vscode-dropdown-background, var(--sigmascope-background)); border: 1px solid var(--sigmascope-muted); border-radius: 3px; }
.controls input[type="checkbox"] { flex: none; min-width: 0; }
.controls input { flex: 1; min-width: 6rem; accent-color: var(--sigmascope-series-0); }
.controls output { min-width: 6.5rem; font-variant-numeric: tabular-nums; }
:focus-visible { outline: 2px solid var(--sigmascope-series-0); outline-offset: 2px; }
@media print { .controls { display: none; } figure { break-inside: avoid; } }
`;
