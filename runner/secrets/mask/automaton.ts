/**
 * An automaton that finds many byte patterns in one pass (Aho and Corasick, 1975). Patterns may be long and many, so
 * its nodes have lists of children; only the root, and nodes with many, have a table.
 */
export class Automaton {
  readonly #bytes: Uint8Array
  readonly #child: Int32Array
  readonly #sibling: Int32Array
  readonly #fail: Int32Array
  readonly #tableOf: Int32Array
  readonly #tables: Int32Array[] = []
  /** Bytes of the text that a state stands for: as many may yet become a pattern. */
  readonly depth: Int32Array
  /** Length of the longest pattern that ends in a state; 0: none does. */
  readonly matched: Int32Array
  #count = 1

  /** @param patterns none of them empty */
  constructor(patterns: readonly Uint8Array[]) {
    const most = patterns.reduce((sum, pattern) => sum + pattern.length, 1)
    this.#bytes = new Uint8Array(most)
    this.#child = new Int32Array(most)
    this.#sibling = new Int32Array(most)
    this.#fail = new Int32Array(most)
    this.#tableOf = new Int32Array(most).fill(-1)
    this.depth = new Int32Array(most)
    this.matched = new Int32Array(most)
    this.#makeTable(0)
    for (const pattern of patterns) this.#add(pattern)
    this.#link()
  }

  /** True when there is nothing to find. */
  get isEmpty(): boolean {
    return this.#count === 1
  }

  /** The state after one more byte; 0 is the first one. */
  next(state: number, byte: number): number {
    for (let from = state; ; from = this.#fail[from] as number) {
      const to = this.#childOf(from, byte)
      if (to !== 0 || from === 0) return to
    }
  }

  #childOf(node: number, byte: number): number {
    const table = this.#tableOf[node] as number
    if (table >= 0) return (this.#tables[table] as Int32Array)[byte] as number
    let child = this.#child[node] as number
    while (child !== 0 && this.#bytes[child] !== byte) child = this.#sibling[child] as number
    return child
  }

  #add(pattern: Uint8Array): void {
    let node = 0
    for (const byte of pattern) node = this.#childOf(node, byte) || this.#grow(node, byte)
    this.matched[node] = pattern.length
  }

  #grow(parent: number, byte: number): number {
    const node = this.#count++
    this.#bytes[node] = byte
    this.depth[node] = (this.depth[parent] as number) + 1
    this.#sibling[node] = this.#child[parent] as number
    this.#child[parent] = node
    const table = this.#tables[this.#tableOf[parent] as number]
    if (table) table[byte] = node
    else if (this.#hasManyChildren(parent)) this.#makeTable(parent)
    return node
  }

  #hasManyChildren(node: number): boolean {
    let count = 0
    for (let at = this.#child[node] as number; at !== 0; at = this.#sibling[at] as number) count++
    return count > 6
  }

  #makeTable(node: number): void {
    const table = new Int32Array(256)
    for (let at = this.#child[node] as number; at !== 0; at = this.#sibling[at] as number) {
      table[this.#bytes[at] as number] = at
    }
    this.#tableOf[node] = this.#tables.push(table) - 1
  }

  /** Breadth first: where to go on from, for each node, when the next byte is none of its children. */
  #link(): void {
    const queue = new Int32Array(this.#count)
    for (let head = 0, end = 1; head < end; head += 1) {
      const node = queue[head] as number
      for (let at = this.#child[node] as number; at !== 0; at = this.#sibling[at] as number) {
        const before = this.#fail[node] as number
        const fail = node === 0 ? 0 : this.next(before, this.#bytes[at] as number)
        this.#fail[at] = fail
        this.matched[at] ||= this.matched[fail] as number
        queue[end] = at
        end += 1
      }
    }
  }
}
