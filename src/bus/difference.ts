/** What has been added to each counter since an earlier copy; a counter that copy lacks began at 0. */
export function difference<Counters extends object>(
  now: Counters,
  before: Partial<Counters>,
): Counters {
  const added: Record<string, number> = Object.create(null);
  for (const [name, count] of Object.entries(now)) {
    // A name comes from outside, and may be that of something every object inherits.
    const earlier = Object.hasOwn(before, name) ? (before as Record<string, number>)[name] : 0;
    added[name] = count - (earlier ?? 0);
  }
  return added as Counters;
}
