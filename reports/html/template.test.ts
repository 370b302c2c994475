import fc from 'fast-check';
import { expect, test } from 'vitest';
import { breakable, html, jsonForScript } from './template.ts';

test('what is put in is text; HTML of the same tag is HTML; nothing is nothing', () => {
  expect(html`<p title="${'"a" & <b>'}">${html`<b>${1}</b>`}${null}${false}${[html`x`, '<']}</p>`.source).toBe(
    '<p title="&quot;a&quot; &amp; &lt;b&gt;"><b>1</b>x&lt;</p>',
  );
});

test('no text leaves a character that could end an element or an attribute', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(html`${text}`.source).not.toMatch(/[<>"'`]/);
      expect(html`${text}`.source.isWellFormed()).toBe(true);
      expect(breakable(text).source.replaceAll('<wbr>', '')).toBe(html`${text}`.source);
    }),
  );
});

test('JSON for a script element comes back the same and cannot end the element', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.constant('</script><!--\u2028'))), (value) => {
      const { source } = jsonForScript(value);
      expect(source).not.toMatch(/[<>\u2028\u2029]/);
      expect(JSON.parse(source)).toEqual(value);
    }),
  );
});

test('long names may break between their words', () => {
  expect(breakable('FlashSaleHighLatency a_b').source).toBe('Flash<wbr>Sale<wbr>High<wbr>Latency a_<wbr>b');
});
