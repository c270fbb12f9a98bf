/** The samples of a Prometheus text scrape: from series, labels included, to value. */
export function samples(scrape: string): Record<string, number> {
  const lines = scrape.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return Object.fromEntries(lines.map((line) => {
    const space = line.lastIndexOf(" ");
    return [line.slice(0, space), Number(line.slice(space + 1))];
  }));
}
