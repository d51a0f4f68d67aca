/** Waiting for what a window shows sooner or later. */

/** Generous, for a loaded machine; waiting ends as soon as what is waited for is there. */
export const patience = { timeout: 60_000, interval: 200 };

/**
 * Tries again until nothing is thrown.
 *
 * @param times milliseconds: when to give up, and how long to rest between two tries.
 * @throws what the last try threw.
 */
export async function until<Result>(
  attempt: () => Promise<Result>,
  { timeout, interval } = patience,
): Promise<Result> {
  for (const deadline = performance.now() + timeout; ; ) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, interval));
  }
}
