/** Journeys as their tests play them. */
import { Answer, type Ask, type JourneyFunction, Visitor } from '../journey.ts';
import { random } from '../random.ts';

/** Plays a journey without a network: `reply` answers each request; what was asked and acknowledged is kept. */
export function play(journey: JourneyFunction, reply: (ask: Ask, nth: number) => [number, unknown], number = 0) {
  const asked: Ask[] = [];
  const receipts: string[] = [];
  const travelling = journey(new Visitor(number, random(1, number), (receipt) => receipts.push(receipt)));
  let step = travelling.next();
  while (!step.done) {
    const answers = step.value.map((ask) => {
      asked.push(ask);
      const [status, body] = reply(ask, asked.length);
      return new Answer(status, JSON.stringify(body));
    });
    step = travelling.next(answers);
  }
  return { outcome: step.value, asked, receipts, handlers: asked.map(({ handler }) => handler) };
}
