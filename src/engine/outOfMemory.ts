/** There is not as much memory as a model needs. The message says how much that is, and what would take less. */
export class OutOfMemory extends RangeError {}
