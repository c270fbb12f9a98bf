/** The service without any instrumentation. */
import { drive, print } from "./drive.ts";

const measured = await drive({
  begin: () => ({}),
  query: () => {},
  end: () => {},
});
print(measured, { counted: measured.requests, timed: measured.requests });
