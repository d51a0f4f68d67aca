/** Elements of a page that are brought up to date: they end as if they were made anew, and what is the same is not touched. */
import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { type Child, type ElementNode, element, toMarkup } from "../../../webview/charts/node.ts";

let touched = 0;

/** As much of a document as `mount.ts` uses. */
class FakeNode {
  parent: FakeElement | null = null;
  remove(): void {
    touched++;
    const { childNodes } = this.parent!;
    childNodes.splice(childNodes.indexOf(this as unknown as FakeChild), 1);
    this.parent = null;
  }
  get nextSibling(): FakeChild | null {
    const { childNodes } = this.parent!;
    return childNodes[childNodes.indexOf(this as unknown as FakeChild) + 1] ?? null;
  }
}
class FakeText extends FakeNode {
  readonly nodeType = 3;
  #text: string;
  constructor(text: string) {
    super();
    this.#text = text;
  }
  get nodeValue(): string {
    return this.#text;
  }
  set nodeValue(text: string) {
    touched++;
    this.#text = text;
  }
}
class FakeElement extends FakeNode {
  readonly nodeType = 1;
  readonly attributes = new Map<string, string>();
  readonly childNodes: FakeChild[] = [];
  readonly ownerDocument = fakeDocument;
  readonly localName: string;
  readonly namespace: string | undefined;
  constructor(localName: string, namespace?: string) {
    super();
    this.localName = localName;
    this.namespace = namespace;
  }
  get firstChild(): FakeChild | null {
    return this.childNodes[0] ?? null;
  }
  getAttributeNames = () => [...this.attributes.keys()];
  getAttribute = (name: string) => this.attributes.get(name) ?? null;
  setAttribute(name: string, value: string): void {
    touched++;
    this.attributes.set(name, value);
  }
  removeAttribute(name: string): void {
    touched++;
    this.attributes.delete(name);
  }
  append(child: FakeChild | string): void {
    touched++;
    const node = typeof child === "string" ? new FakeText(child) : child;
    node.parent = this;
    this.childNodes.push(node);
  }
  replaceChild(next: FakeChild, before: FakeChild): void {
    touched++;
    next.parent = this;
    this.childNodes[this.childNodes.indexOf(before)] = next;
  }
}
type FakeChild = FakeElement | FakeText;

const fakeDocument = {
  createElement: (tag: string) => new FakeElement(tag),
  createElementNS: (namespace: string, tag: string) => new FakeElement(tag, namespace),
  createTextNode: (text: string) => new FakeText(text),
};

/** As far as it is used here: the types of a browser are not those of the tests. */
interface Mount {
  toElement(node: ElementNode, document: typeof fakeDocument): FakeElement;
  updateElement(shown: FakeElement, node: ElementNode): void;
}
const { toElement, updateElement } = await vi.importActual<Mount>("../../../webview/charts/mount.ts");
const make = (node: ElementNode) => toElement(node, fakeDocument);

/** Everything of an element that can be seen, whatever order its attributes were set in. */
function facts(node: FakeChild): unknown {
  if (node instanceof FakeText) return node.nodeValue;
  return [node.localName, node.namespace, [...node.attributes].sort(), node.childNodes.map(facts)];
}

const { node: anyNode } = fc.letrec<{ node: ElementNode; child: Child }>((tie) => ({
  child: fc.oneof({ depthSize: "small" }, fc.string({ maxLength: 3 }), tie("node")),
  node: fc.record({
    tag: fc.constantFrom("g", "svg", "path", "p"),
    attributes: fc.dictionary(
      fc.constantFrom("d", "x", "class"),
      fc.oneof(fc.integer(), fc.string({ maxLength: 3 }), fc.constant(undefined)),
    ),
    children: fc.array(tie("child"), { maxLength: 4 }),
  }),
}));

test("whatever it was, it becomes what would be made anew", () => {
  fc.assert(
    fc.property(anyNode, anyNode, (before, after) => {
      const shown = make(before);
      const next = { ...after, tag: before.tag };
      updateElement(shown, next);
      expect(facts(shown)).toEqual(facts(make(next)));
    }),
    { seed: 6, numRuns: 500 },
  );
});

test("what is the same is not touched", () => {
  fc.assert(
    fc.property(anyNode, (node) => {
      const shown = make(node);
      touched = 0;
      updateElement(shown, node);
      expect(touched).toBe(0);
    }),
    { seed: 6 },
  );
});

test("one number of a chart that changes is one change of the page", () => {
  const chart = (label: string, path: string) =>
    element("svg", { width: 10 }, element("path", { d: path }), element("text", { x: 1 }, label));
  const shown = make(chart("1", "M0,0"));
  const [path, text] = shown.childNodes;
  touched = 0;
  updateElement(shown, chart("2", "M0,0"));
  expect(touched).toBe(1);
  updateElement(shown, chart("2", "M0,1"));
  expect(touched).toBe(2);
  expect(shown.childNodes).toEqual([path, text]);
  expect(shown.childNodes[0]).toBe(path);
});

test("an element cannot become one of another tag", () => {
  expect(() => updateElement(make(element("p")), element("div"))).toThrow("p cannot become div");
});

test("the markup of a node is that of the element it becomes", () => {
  const node = element("svg", { width: 3 }, element("text", { class: "a" }, "b"));
  const write = (one: FakeChild): string =>
    one instanceof FakeText
      ? one.nodeValue
      : `<${one.localName}${[...one.attributes].map(([name, value]) => ` ${name}="${value}"`).join("")}>` +
        `${one.childNodes.map(write).join("")}</${one.localName}>`;
  const shown = make(element("svg", { height: 2 }, element("rect")));
  updateElement(shown, node);
  expect(write(shown)).toBe(toMarkup(node));
});
