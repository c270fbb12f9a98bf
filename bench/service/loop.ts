/** The service without sockets; it prints what was measured where the lines of its log do not go. */
import process from "node:process";
import { drive } from "./drive.ts";
import { createInstrumentation } from "./create_instrumentation.ts";

const instrumentation = await createInstrumentation();
const measured = await drive(instrumentation);
const delivered = await instrumentation.settle();
process.stderr.write(`${JSON.stringify({ ...measured, ...delivered })}\n`);
await instrumentation.shutdown();
process.exit();
