/** From elements as data to elements of a page. */
import type { ElementNode } from "./node.ts";

const svgNamespace = "http://www.w3.org/2000/svg";

/** The node as an element of a document. */
export function toElement(node: ElementNode, document: Document, insideSvg = false): Element {
  const svg = insideSvg || node.tag === "svg";
  const made = svg ? document.createElementNS(svgNamespace, node.tag) : document.createElement(node.tag);
  for (const [name, value] of Object.entries(node.attributes))
    if (value !== undefined) made.setAttribute(name, String(value));
  for (const child of node.children)
    made.append(typeof child === "string" ? child : toElement(child, document, svg));
  return made;
}
