/** The frame of every page we write: one file, nothing loaded from anywhere, light and dark, scripts named by hash. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type Html, html, jsonForScript, trusted } from './template.ts';

interface Page {
  readonly title: string;
  readonly body: Html;
  /** Plain JavaScript of our own, in order; must not hold '</script'. */
  readonly scripts: readonly string[];
  readonly styles?: readonly string[];
  /** Read by the scripts from the element with the id 'data'. */
  readonly data?: unknown;
}

/** The whole document. Its Content-Security-Policy refuses every request and every script but ours. */
export function page({ title, body, scripts, styles = [], data }: Page): string {
  const css = [...styles, readFileSync(new URL('./style.css', import.meta.url), 'utf8')].join('\n');
  const hashes = scripts.map((script) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`);
  const policy = `default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src ${hashes.join(' ') || "'none'"}`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="firedrill">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${trusted(css)}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the verdict</a>
${body}
${data !== undefined && html`<script type="application/json" id="data">${jsonForScript(data)}</script>`}
${scripts.map((script) => html`<script>${trusted(script)}</script>`)}
</body>
</html>
`.source;
}

/** The line above everything, with the switch between light and dark (the script makes it work). */
export function masthead(what: string): Html {
  return html`<header class="masthead">
    <p class="masthead__brand"><span class="masthead__mark" aria-hidden="true"></span>firedrill <span class="quiet">${what}</span></p>
    <button class="button" type="button" id="theme" hidden>Theme: system</button>
  </header>`;
}
