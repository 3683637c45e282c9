/** Unix milliseconds -> Unix seconds, which Drone's API has; 0 (not yet) stays 0. */
export function seconds(ms: number): number {
  return Math.floor(ms / 1000)
}
