import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";

/** Runs tasks one after another, each in a turn of the event loop of its own. */
export class TaskQueue {
  readonly #limit: number;
  readonly #delayMs: () => number;
  #tail: Promise<unknown> = Promise.resolve();
  #size = 0;

  /**
   * @param limit how many tasks may wait before {@linkcode TaskQueue.room} waits too
   * @param delayMs how much longer each one takes
   */
  constructor(limit: number, delayMs: () => number = () => 0) {
    this.#limit = limit;
    this.#delayMs = delayMs;
  }

  /** Puts a task into the queue. @returns what it returns; rejects with what it throws */
  run<Result>(task: () => Result): Promise<Result> {
    this.#size++;
    const result = this.#tail.then(async () => {
      const delayMs = this.#delayMs();
      await (delayMs > 0 ? sleep(delayMs) : nextTurn());
      try {
        return task();
      } finally {
        this.#size--;
      }
    });
    this.#tail = result.catch(() => {}); // whoever asked for it hears of it
    return result;
  }

  /** Resolves when there is room for another task. */
  async room(): Promise<void> {
    while (this.#size >= this.#limit) await nextTurn();
  }

  /** Resolves when all tasks are done. */
  async idle(): Promise<void> {
    while (this.#size > 0) await this.#tail;
  }
}
