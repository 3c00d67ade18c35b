/**
 * A run as OpenTelemetry sees it: a span for each migration, one for each batch within it, counters of rows. Deno itself
 * sends them where `OTEL_EXPORTER_OTLP_ENDPOINT` says, when it is started with `OTEL_DENO=true`; here they are made, from
 * the same events that are told on the screen.
 *
 * The names follow OpenTelemetry's conventions for databases where there are some: https://opentelemetry.io/docs/specs/semconv/database/
 *
 * @module
 */

import {
  type Attributes,
  context as active,
  type Counter,
  type Histogram,
  metrics,
  type Span,
  SpanStatusCode,
  trace,
  type Tracer,
} from "@opentelemetry/api";
import { messageOf } from "./errors.ts";
import type { RunEvent } from "./events.ts";
import { VERSION } from "./version.ts";

/** What a run is about. */
export interface TelemetryGround {
  /** `upgrade`, `downgrade`, … */
  readonly command: string;
  /** `postgresql`, `mysql` or `sqlite`. */
  readonly dialect: string;
  /** The section of the configuration. */
  readonly section: string;
  /** Takes secrets out of what a database said. */
  readonly redact: (text: string) => string;
}

/** Makes spans and counts of the events of one run. Disposed of at its end. */
export class Telemetry implements Disposable {
  readonly #ground: TelemetryGround;
  readonly #tracer: Tracer = trace.getTracer("delembic", VERSION);
  readonly #rows: Counter;
  readonly #seconds: Histogram;
  readonly #run: Span;
  #migration: { readonly span: Span; readonly revision: string } | undefined;
  #begun = 0;

  constructor(ground: TelemetryGround) {
    const { command, dialect, section } = ground;
    const meter = metrics.getMeter("delembic", VERSION);
    this.#ground = ground;
    this.#rows = meter.createCounter("delembic.rows", { unit: "{row}", description: "Rows loaded or done in batches" });
    this.#seconds = meter.createHistogram("delembic.migration.duration", {
      unit: "s",
      description: "How long attempts at migrations took",
    });
    this.#run = this.#tracer.startSpan(`delembic ${command}`, {
      attributes: { "db.system.name": dialect, "delembic.section": section },
    });
  }

  hear(event: RunEvent): void {
    switch (event.type) {
      case "running":
        return this.#begin(event.revision, {
          "delembic.description": event.description,
          "delembic.direction": event.direction,
        });
      case "batch":
        return this.#batch(event.revision, event.rows, event.milliseconds);
      case "loaded":
        this.#rows.add(event.rows, { "delembic.revision": event.revision, "delembic.kind": "load" });
        this.#migration?.span.addEvent("loaded", { "db.collection.name": event.table, rows: event.rows });
        return;
      case "retrying":
        this.#migration?.span.addEvent("retrying", { attempt: event.attempt, error: this.#clean(event.error) });
        return;
      case "ok":
        return this.#end("success");
      case "blocked":
        return this.#end("blocked", this.#clean(event.message));
      case "interrupted":
        return this.#end(event.code, this.#clean(event.reason));
      case "failed":
        return this.#end("failed", this.#clean(messageOf(event.error)));
      case "warning":
        this.#run.addEvent("warning", { message: this.#clean(event.message) });
    }
  }

  [Symbol.dispose](): void {
    // a run that was thrown out of tells nothing more of its migration
    this.#end("unknown");
    this.#run.end();
  }

  #clean(text: string): string {
    return this.#ground.redact(text);
  }

  #begin(revision: string, attributes: Attributes): void {
    this.#begun = performance.now();
    const above = trace.setSpan(active.active(), this.#run);
    const own = { attributes: { ...attributes, "delembic.revision": revision } };
    this.#migration = { span: this.#tracer.startSpan(`migration ${revision}`, own, above), revision };
  }

  #batch(revision: string, rows: number, milliseconds: number): void {
    this.#rows.add(rows, { "delembic.revision": revision, "delembic.kind": "batch" });
    if (this.#migration === undefined) return;
    const endTime = Date.now();
    const above = trace.setSpan(active.active(), this.#migration.span);
    const attributes = { "delembic.revision": revision, "delembic.rows": rows };
    this.#tracer.startSpan("batch", { startTime: endTime - milliseconds, attributes }, above).end(endTime);
  }

  #end(status: string, error?: string): void {
    if (this.#migration === undefined) return;
    const { span, revision } = this.#migration;
    this.#migration = undefined;
    span.setAttribute("delembic.status", status);
    if (error !== undefined) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: error });
      this.#run.setStatus({ code: SpanStatusCode.ERROR, message: `${revision}: ${status}` });
    }
    span.end();
    const seconds = (performance.now() - this.#begun) / 1000;
    this.#seconds.record(seconds, { "delembic.revision": revision, "delembic.status": status });
  }
}
