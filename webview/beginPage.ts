/** What every page of a panel begins with. */
import { chartStyle } from "./charts/style.ts";
import { registerControls } from "./ui.ts";

/**
 * Takes over the page's root, with the style of the charts and its own.
 *
 * @param id of the root from now on.
 */
export function beginPage(id: string, pageStyle: string): HTMLElement {
  // Style sheets made by a script need no exception in the content security policy.
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(chartStyle + pageStyle);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  registerControls();
  const root = document.getElementById("page")!;
  root.id = id;
  return root;
}
