import { setTimer } from "./clocks.ts";
import { MESSAGES_PER_TIMER } from "./tuning.ts";

interface TurnPrimitives {
  setImmediate?: (callback: () => void) => unknown;
}

/**
 * Runs `callback` in a later turn of the event loop, after timers and I/O had their chance.
 *
 * `setImmediate` does just that in Deno, Node and Bun. Browsers and edge runtimes have none: there
 * a `MessageChannel` message is the fastest new turn, but may be served before timers for as long
 * as messages come, so every eighth turn is a `setTimeout`.
 */
export const nextTurn: (callback: () => void) => void = (() => {
  const { setImmediate } = globalThis as TurnPrimitives;
  if (setImmediate) return setImmediate;
  const waiting: (() => void)[] = [];
  const channel = globalThis.MessageChannel && new MessageChannel();
  if (channel) channel.port1.onmessage = () => waiting.shift()?.();
  let turns = 0;
  return (callback) => {
    if (!channel || ++turns % MESSAGES_PER_TIMER === 0) {
      setTimer(callback, 0);
    } else {
      waiting.push(callback);
      channel.port2.postMessage(undefined);
    }
  };
})();
