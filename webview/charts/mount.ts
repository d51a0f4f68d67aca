/** From elements as data to elements of a page. */
import type { Child, ElementNode } from "./node.ts";

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

/**
 * Makes an element of a page equal to what `toElement` would make of a node, and touches only what differs: a browser
 * lays out and paints again what was touched, and most of a chart stays as it is when its numbers change.
 *
 * @param shown of the node's tag.
 * @throws RangeError where it has another tag.
 */
export function updateElement(shown: Element, node: ElementNode, insideSvg = false): void {
  if (shown.localName !== node.tag) throw new RangeError(`${shown.localName} cannot become ${node.tag}`);
  const svg = insideSvg || node.tag === "svg";
  for (const name of shown.getAttributeNames())
    if (node.attributes[name] === undefined) shown.removeAttribute(name);
  for (const [name, value] of Object.entries(node.attributes)) {
    if (value === undefined) continue;
    const text = String(value);
    if (shown.getAttribute(name) !== text) shown.setAttribute(name, text);
  }
  let at = shown.firstChild;
  for (const child of node.children) {
    const next = at?.nextSibling ?? null;
    if (at === null) shown.append(toNode(child, shown.ownerDocument, svg));
    else if (!updateNode(at, child, svg)) shown.replaceChild(toNode(child, shown.ownerDocument, svg), at);
    at = next;
  }
  while (at !== null) {
    const next: ChildNode | null = at.nextSibling;
    at.remove();
    at = next;
  }
}

const elementNode = 1;
const textNode = 3;

/** @returns whether the node could be made equal to the child. */
function updateNode(shown: ChildNode, child: Child, svg: boolean): boolean {
  if (typeof child === "string") {
    if (shown.nodeType !== textNode) return false;
    if (shown.nodeValue !== child) shown.nodeValue = child;
    return true;
  }
  if (shown.nodeType !== elementNode || (shown as Element).localName !== child.tag) return false;
  updateElement(shown as Element, child, svg);
  return true;
}

function toNode(child: Child, document: Document, svg: boolean): Node {
  return typeof child === "string" ? document.createTextNode(child) : toElement(child, document, svg);
}
