/** Between who reads a stream and who deals with what came: everything that came meanwhile is taken at once. */
export interface Waiting<T> {
  /** Undefined while there is room; else resolves when there is again. */
  push(item: T): Promise<void> | undefined;
  /** All that waits; undefined at the end. Throws what the end came with, after what came before it. */
  take(): Promise<readonly T[] | undefined>;
  end(error?: Error): void;
}

export function openWaiting<T>(room: number): Waiting<T> {
  let items: T[] = [];
  let ended: { readonly error: Error | undefined } | undefined;
  let onItem: (() => void) | undefined;
  let onRoom: (() => void) | undefined;

  return {
    push(item) {
      items.push(item);
      onItem?.();
      return items.length < room ? undefined : new Promise((resolve) => (onRoom = resolve));
    },
    async take() {
      while (items.length === 0 && ended === undefined) await new Promise<void>((resolve) => (onItem = resolve));
      onItem = undefined;
      const taken = items;
      items = [];
      onRoom?.();
      onRoom = undefined;
      if (taken.length > 0) return taken;
      if (ended?.error !== undefined) throw ended.error;
      return undefined;
    },
    end(error) {
      ended ??= { error };
      onItem?.();
      onRoom?.();
    },
  };
}
