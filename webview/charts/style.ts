/**
 * The charts' style sheet. Colours are those of VS Code where it provides them; outside it, and in a report, the
 * fallbacks hold, for light and dark.
 */

/** Colours that can be told apart with the common kinds of colour blindness, in an order that contrasts neighbours. */
const light = ["#0b5fb0", "#c2500a", "#167a4a", "#8a3fb5", "#a3253b", "#4d6b00", "#0d7a86", "#5b5f66"];
const dark = ["#62a8f5", "#f5975a", "#5bc48c", "#c792ea", "#f0788c", "#b5c94a", "#56c5d0", "#b4b9c0"];

const palette = (colors: readonly string[]) =>
  colors.map((color, i) => `--sigmascope-series-${i}: ${color};`).join(" ");

export const chartStyle = `
:root {
  color-scheme: light dark;
  ${palette(light)}
  --sigmascope-foreground: var(--vscode-foreground, #1f2328);
  --sigmascope-muted: var(--vscode-descriptionForeground, #59636e);
  --sigmascope-background: var(--vscode-editor-background, #ffffff);
  --sigmascope-grid: var(--vscode-editorIndentGuide-background1, #e3e6ea);
  --sigmascope-allowed: #2da44e;
  --sigmascope-warning: #9a6700;
  --sigmascope-error: #cf222e;
}
@media (prefers-color-scheme: dark) {
  :root {
    ${palette(dark)}
    --sigmascope-foreground: var(--vscode-foreground, #e6e9ee);
    --sigmascope-muted: var(--vscode-descriptionForeground, #9aa4b0);
    --sigmascope-background: var(--vscode-editor-background, #15181d);
    --sigmascope-grid: var(--vscode-editorIndentGuide-background1, #2c323a);
    --sigmascope-allowed: #3fb950;
    --sigmascope-warning: #e3b341;
    --sigmascope-error: #ff7b72;
  }
}
body.vscode-dark, body.vscode-high-contrast {
  ${palette(dark)}
  --sigmascope-warning: #e3b341;
  --sigmascope-error: #ff7b72;
}
body.vscode-light, body.vscode-high-contrast-light {
  ${palette(light)}
  --sigmascope-warning: #9a6700;
  --sigmascope-error: #cf222e;
}
/* There the editor's guides are as bright as its text. */
body.vscode-high-contrast { --sigmascope-grid: #4d4d4d; }
body.vscode-high-contrast-light { --sigmascope-grid: #c4c4c4; }
.chart { display: block; max-width: 100%; height: auto; font: 11px system-ui, "Segoe UI", Roboto, sans-serif; }
.chart text { fill: var(--sigmascope-muted); }
.chart .title { fill: var(--sigmascope-foreground); font-size: 12px; }
.chart .note { font-size: 11px; paint-order: stroke; stroke: var(--sigmascope-background); stroke-width: 3px; }
.chart .grid { stroke: var(--sigmascope-grid); stroke-width: 1; }
.chart .axis { stroke: var(--sigmascope-muted); stroke-width: 1; }
.chart .level { stroke: var(--sigmascope-muted); stroke-width: 1; stroke-dasharray: 5 4; }
.line { fill: none; stroke: var(--series); stroke-width: 1.75; stroke-linejoin: round; stroke-linecap: round; }
.dot { fill: var(--series); }
.ring { fill: var(--sigmascope-background); stroke: var(--series); stroke-width: 1.75; }
.faint .line { stroke-width: 1; stroke-opacity: 0.28; }
.faint .dot { fill-opacity: 0.28; }
.thin .line { stroke-width: 0.9; stroke-opacity: 0.45; }
.edge .line { stroke-width: 1.5; }
.current .line { stroke-width: 2.25; }
.band { fill: var(--series); fill-opacity: 0.16; stroke: none; }
.allowed { fill: var(--sigmascope-allowed); fill-opacity: 0.14; }
.moment line { stroke: var(--series); stroke-width: 1; stroke-dasharray: 2 3; }
.moment path { fill: var(--series); }
.moment-line .line { stroke-width: 1; }
${[0.2, 0.3, 0.4, 0.5, 0.65].map((opacity, age) => `.age-${age} .line { stroke-opacity: ${opacity}; }`).join("\n")}
${light.map((_, i) => `.series-${i} { --series: var(--sigmascope-series-${i}); }`).join("\n")}
.dash-1 .line { stroke-dasharray: 7 3; stroke-linecap: butt; }
.dash-2 .line { stroke-dasharray: 2 2; stroke-linecap: butt; }
.usual { fill: var(--sigmascope-muted); fill-opacity: 0.1; }
.fit .line { stroke: var(--sigmascope-foreground); stroke-width: 1.5; stroke-dasharray: 6 4; }
/* Beneath the cursor, so that it is seen on any colour of the heat map. */
.cursor-halo { stroke: var(--sigmascope-background); stroke-width: 3; stroke-opacity: 0.7; pointer-events: none; }
.step-cursor { stroke: var(--sigmascope-foreground); stroke-width: 1; stroke-opacity: 0.85; pointer-events: none; }
.step-moment line { stroke: var(--sigmascope-muted); stroke-width: 1; stroke-dasharray: 2 3; }
.step-moment path { fill: var(--sigmascope-muted); stroke: var(--sigmascope-background); stroke-width: 0.75; }
.step-moment.moment-finding path { fill: var(--sigmascope-warning); }
.step-moment.moment-error path { fill: var(--sigmascope-error); }
.step-moment.moment-switch path { fill: var(--sigmascope-series-3); }
.step-moment.moment-resumed path { fill: var(--sigmascope-series-2); }
.brush { fill: var(--sigmascope-foreground); fill-opacity: 0.12; stroke: var(--sigmascope-foreground); stroke-width: 1; stroke-dasharray: 3 2; pointer-events: none; }
.color-legend { max-width: 300px; }
.cursor { stroke: var(--sigmascope-muted); stroke-width: 1; pointer-events: none; }
.legend { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; list-style: none; margin: 0 0 0.75rem; padding: 0; }
.legend li { display: flex; align-items: center; gap: 0.4rem; }
`;
