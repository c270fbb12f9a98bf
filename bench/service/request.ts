import process from "node:process";

/** What all requests of the bench have in common. */
export const PATH = "/items/5";
export const ROUTE = "/items/:id";
export const STATEMENT = "select * from items where id = ?";

/** Whether the service makes spans. */
export const TRACED = process.env["OTEL_EXPORTER_OTLP_ENDPOINT"] !== undefined;
