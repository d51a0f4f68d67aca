/**
 * Elements as plain data. Charts are pure functions that return them; `toMarkup` writes them as text, which tests
 * read, and `toElement` (mount.ts) builds them in a page. Neither lets text turn into markup, and no chart uses a `style`
 * attribute, so that a strict content security policy holds.
 */

export type Attributes = Readonly<Record<string, string | number | undefined>>;

export interface ElementNode {
  readonly tag: string;
  readonly attributes: Attributes;
  readonly children: readonly Child[];
}

export type Child = ElementNode | string;

/** An element; undefined attributes and children are left out. */
export function element(
  tag: string,
  attributes: Attributes = {},
  ...children: readonly (Child | undefined)[]
): ElementNode {
  return { tag, attributes, children: children.filter((child) => child !== undefined) };
}

const voidTags = new Set(["br", "hr", "img", "input", "meta", "link", "col"]);
const escapes: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escaped = (text: string) => text.replace(/[&<>"]/g, (character) => escapes[character]!);

/** The node as HTML (with SVG in it) text. */
export function toMarkup(node: Child): string {
  if (typeof node === "string") return escaped(node);
  const attributes = Object.entries(node.attributes)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}="${escaped(String(value))}"`)
    .join("");
  if (voidTags.has(node.tag)) return `<${node.tag}${attributes}>`;
  return `<${node.tag}${attributes}>${node.children.map(toMarkup).join("")}</${node.tag}>`;
}
