/** Claims about shoppers turn red where they should: a storefront that keeps a failure to itself, and a fault that never was. */
import { expect, test } from 'vitest';
import { countsAgree, nothingLost, shopper } from '../assertions/index.ts';
import { stopService } from '../chaos/index.ts';
import type { Fault } from '../harness/fault.ts';
import { baseline, during, scenario, warmUp } from '../harness/index.ts';
import type { Scenario } from '../harness/scenario.ts';
import type { System } from '../harness/system.ts';
import { buyers, shoppers } from '../load/index.ts';
import { flashSale } from '../sut/index.ts';
import { drill } from './drill.ts';
import { mutateApp } from './mutants.ts';

const PAGE = ['flash-sale/storefront.html'];

const shopping = (system: System, ...faults: readonly Fault[]): Scenario =>
  scenario('shoppers at a broken shop', {
    hypothesis: 'What is wrong with the page is seen by those who look at it.',
    system,
    load: [buyers.at('10/s'), shoppers.at('1/s', { capacity: 3, patience: '2s' })],
    phases: [
      warmUp('2m'),
      baseline('4m').expect(shopper.buys().within('4m')),
      during('7m', ...faults).expect(
        shopper.fails().within('6m'),
        shopper.reads(/having trouble/).within('6m'),
        shopper.seesNoPageErrors(),
        shopper.fails().pages('FlashSaleHealthCheckFailing').within('6m'),
      ),
    ],
    invariants: [nothingLost(), countsAgree()],
  });

test('a storefront that swallows its errors: shoppers give up and read nothing; the counts still agree', async () => {
  await using mutant = await mutateApp(flashSale(), (html) => html.replaceAll('notify(problem)', 'void problem'), PAGE);
  const { exitCode, verdictOf, events, told } = await drill(shopping(mutant.system, stopService('postgres')));
  expect(exitCode, told).toBe(1);
  expect(verdictOf("a shopper's purchase fails"), told).toBe('held');
  expect(verdictOf('a shopper reads'), told).toBe('broken');
  expect(verdictOf('the counts agree'), told).toBe('held');
  expect(verdictOf('nothing acknowledged is lost'), told).toBe('held');
  const failed = events.filter((event) => event.type === 'visit').filter(({ outcome }) => outcome !== 'bought');
  expect([...new Set(failed.map(({ outcome, message }) => `${outcome}${message}`))]).toEqual(['gave up']);
});

test('no fault and a page whose script fails: nobody is hurt, which is said, and the error is seen', async () => {
  await using mutant = await mutateApp(
    flashSale(),
    (html) =>
      html.replace('drawBag();\nvoid refresh();', "$&\nsetTimeout(() => { throw new Error('a broken page'); });"),
    PAGE,
  );
  const { exitCode, verdictOf, told } = await drill(shopping(mutant.system));
  expect(exitCode, told).toBe(1);
  expect(verdictOf("a shopper's purchase fails"), told).toBe('broken');
  expect(verdictOf('no shopper meets an error of the page'), told).toBe('broken');
  expect(verdictOf('FlashSaleHealthCheckFailing notifies'), told).toBe('unknown');
});
