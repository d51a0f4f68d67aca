/** A plot of a page as a picture of its own: SVG text, or PNG bytes. */

/** Properties that a chart's style sheet sets, written into the picture so that it needs no style sheet. */
const properties = [
  "fill",
  "fill-opacity",
  "stroke",
  "stroke-width",
  "stroke-opacity",
  "stroke-dasharray",
  "stroke-linejoin",
  "stroke-linecap",
  "font-size",
  "font-family",
  "font-weight",
  "paint-order",
  "opacity",
  "visibility",
] as const;

/** PNG pictures have so many pixels for each of the page's. */
const pixelRatio = 2;

/**
 * @param chart as drawn in the page.
 * @param raster pixels beneath it, and where they lie.
 */
export function exportSvg(
  chart: SVGSVGElement,
  raster?: {
    readonly canvas: HTMLCanvasElement;
    readonly left: number;
    readonly top: number;
    readonly width: number;
    readonly height: number;
  },
): string {
  const copy = chart.cloneNode(true) as SVGSVGElement;
  const originals = [chart, ...chart.querySelectorAll("*")];
  const copies = [copy, ...copy.querySelectorAll("*")];
  originals.forEach((original, i) => {
    const style = getComputedStyle(original);
    for (const property of properties) {
      const value = style.getPropertyValue(property);
      if (value !== "") copies[i]!.setAttribute(property, value);
    }
  });
  for (const passing of copy.querySelectorAll(".brush, .hover-mark")) passing.remove();
  const box = chart.viewBox.baseVal;
  const background = getComputedStyle(document.body).backgroundColor;
  const before: SVGElement[] = [
    svgElement("rect", { width: box.width, height: box.height, fill: background }),
  ];
  if (raster)
    before.push(
      svgElement("image", {
        x: raster.left,
        y: raster.top,
        width: raster.width,
        height: raster.height,
        preserveAspectRatio: "none",
        href: raster.canvas.toDataURL("image/png"),
      }),
    );
  copy.prepend(...before);
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("width", String(box.width));
  copy.setAttribute("height", String(box.height));
  return `${new XMLSerializer().serializeToString(copy)}\n`;
}

/** @throws Error when the browser cannot draw the picture. */
export async function exportPng(svg: string, width: number, height: number): Promise<Uint8Array> {
  const image = new Image();
  const url = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  try {
    image.src = url;
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(width * pixelRatio);
    canvas.height = Math.round(height * pixelRatio);
    const context = canvas.getContext("2d");
    if (!context) throw new Error("there is no canvas to draw on");
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise<Blob | null>((settle) => canvas.toBlob(settle, "image/png"));
    if (!blob) throw new Error("the picture cannot be written as PNG");
    return new Uint8Array(await blob.arrayBuffer());
  } finally {
    URL.revokeObjectURL(url);
  }
}

function svgElement(tag: string, attributes: Readonly<Record<string, string | number>>): SVGElement {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  return made;
}
