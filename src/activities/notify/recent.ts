/** Keeps what was said of the last so many keys; what is older is forgotten. */
export class Recent<V> {
  private readonly values = new Map<string, V>();
  private readonly most: number;

  constructor(most = 10_000) {
    this.most = most;
  }

  get(key: string): V | undefined {
    return this.values.get(key);
  }

  set(key: string, value: V): V {
    this.values.delete(key);
    this.values.set(key, value);
    const [oldest] = this.values.keys();
    if (this.values.size > this.most && oldest !== undefined) this.values.delete(oldest);
    return value;
  }
}
