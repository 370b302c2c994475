/** The /metrics endpoint. */
import type { RequestHandler } from 'express';
import type { Registry } from 'prom-client';

/** Answers with the registry's metrics in its own content type; Prometheus 3 refuses a scrape without one. */
export function exposition(registry: Registry): RequestHandler {
  return async (_request, response) => {
    const body = await registry.metrics();
    response.setHeader('Content-Type', registry.contentType);
    // end() and not send(): an ETag of a page that is never the same twice would cost more than it saves.
    response.end(body);
  };
}
