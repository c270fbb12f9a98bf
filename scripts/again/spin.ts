// deno-lint-ignore-file no-console -- it says that it has begun
/** Keeps one core busy until its stdin ends: that of a dead parent has ended. */
let open = true;
Deno.stdin.readable.pipeTo(new WritableStream()).finally(() => open = false);
console.log("spinning");
while (open) {
  const end = performance.now() + 100;
  while (performance.now() < end);
  await new Promise((resolve) => setTimeout(resolve, 0));
}
