/** Binary heap of items by a number, the smallest first; equal ones in the order in which they came, so that a run repeats itself. */
export interface Heap {
  push(key: number, item: number): void;
  /** -1 when it is empty. */
  pop(): number;
}

export function openHeap(): Heap {
  const keys: number[] = [];
  const items: number[] = [];
  const ranks: number[] = [];
  let count = 0;
  const before = (a: number, b: number): boolean => {
    const [x, y] = [keys[a] as number, keys[b] as number];
    return x < y || (x === y && (ranks[a] as number) < (ranks[b] as number));
  };
  const swap = (a: number, b: number): void => {
    for (const list of [keys, items, ranks]) {
      const kept = list[a] as number;
      list[a] = list[b] as number;
      list[b] = kept;
    }
  };
  return {
    push(key, item) {
      keys.push(key);
      items.push(item);
      ranks.push(count++);
      for (let i = keys.length - 1; i > 0;) {
        const up = (i - 1) >> 1;
        if (!before(i, up)) break;
        swap(i, up);
        i = up;
      }
    },
    pop() {
      const last = keys.length - 1;
      if (last < 0) return -1;
      const top = items[0] as number;
      swap(0, last);
      keys.pop();
      items.pop();
      ranks.pop();
      for (let i = 0; ;) {
        const left = 2 * i + 1;
        if (left >= last) break;
        const least = left + 1 < last && before(left + 1, left) ? left + 1 : left;
        if (!before(least, i)) break;
        swap(i, least);
        i = least;
      }
      return top;
    },
  };
}
