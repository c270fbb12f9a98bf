/** What messages go over, to all other threads of the process, as far as they arrive. */
export interface Channel {
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  postMessage(message: unknown): void;
  close(): void;
  /** There where the channel would keep the process alive. */
  unref?(): void;
}

type ChannelClass = new (name: string) => Channel;

interface Scope {
  readonly process?: {
    getBuiltinModule?(id: "node:worker_threads"): { readonly BroadcastChannel?: ChannelClass };
  };
  readonly BroadcastChannel?: ChannelClass;
}

/** Node's, which all three runtimes have, can be told not to keep the process alive. */
function channelClass(): ChannelClass | undefined {
  const { process, BroadcastChannel } = globalThis as Scope;
  try {
    const found = process?.getBuiltinModule?.("node:worker_threads")?.BroadcastChannel;
    return found ?? BroadcastChannel;
  } catch {
    return BroadcastChannel;
  }
}

/**
 * Opens the channel of a name, which keeps no process alive.
 *
 * @throws {Error} if the runtime has none
 */
export function openChannel(name: string): Channel {
  const BroadcastChannel = channelClass();
  if (BroadcastChannel === undefined) throw new Error("this runtime has no BroadcastChannel");
  const channel = new BroadcastChannel(name);
  channel.unref?.();
  return channel;
}
