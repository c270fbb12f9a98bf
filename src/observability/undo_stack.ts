/** What undoes a start that fails halfway, or ends what it started: the latest first. */
export class UndoStack {
  readonly #steps: (() => void | Promise<void>)[] = [];

  /** Adds what undoes the step that was just taken. */
  add(step: () => void | Promise<void>): void {
    this.#steps.push(step);
  }

  /** Undoes all of it. What fails meanwhile would hide why nothing was started. */
  async undo(): Promise<void> {
    for (const step of this.#steps.splice(0).reverse()) {
      try {
        await step();
      } catch {
        // The error that led here is the one to be seen.
      }
    }
  }
}
