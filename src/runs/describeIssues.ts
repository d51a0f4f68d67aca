/** What a schema found wrong, as part of a sentence. */
import type { z } from "zod";

const shownIssues = 3;

/** The first things a schema found wrong, each with its place. */
export function describeIssues(error: z.ZodError): string {
  const shown = error.issues.slice(0, shownIssues).map(({ path, message }) => {
    const place = path.length === 0 ? "" : `${path.join(".")}: `;
    return `${place}${message.slice(0, 1).toLowerCase()}${message.slice(1)}`;
  });
  const more = error.issues.length - shown.length;
  return shown.join("; ") + (more > 0 ? `; and ${more} more` : "");
}
