/**
 * The script that k6 runs: a journey, driven by k6's own HTTP client. Not part of our process: k6 strips the types and runs
 * it in its own engine, so it sees neither Node nor anything that imports Node.
 *
 * Ending exactly. k6 cuts off what is in flight whenever it is told to end, and nobody outside can hold it back. So the
 * script ends itself: a second scenario, `control`, asks the driver's gate twenty times a second. When the gate has closed,
 * control keeps its VUs, k6 has to start another for it at the next tick, and that every VU can see without asking anyone
 * (`vusInitialized`). An iteration that sees it asks the gate for itself, and does nothing where it is closed. It may be
 * open: k6 also starts a VU where an answer of the gate is late; this many are then normal. Once all that was in flight is
 * answered, the gate says 'end'. Where nobody answers, the driver is gone, and k6 ends as well.
 */
import { sleep } from 'k6';
import exec from 'k6/execution';
import http, { type RefinedResponse } from 'k6/http';
import { Answer, type Ask, headersOf, type Journey, type JourneyFunction, Visitor } from '../journey.ts';
import { random } from '../random.ts';
import { type Defect, type GateState, MARK, type Orders, type Step, SUMMARY_MARK, TAG } from './orders.ts';
import { lossOf } from './outcome.ts';

const orders = JSON.parse(__ENV.FIREDRILL ?? '{}') as Orders;
// k6 loads modules synchronously while it initialises; the name is known only now.
const journey = (require(orders.journey.path) as Record<string, JourneyFunction>)[orders.journey.name];
if (journey === undefined) throw new Error(`${orders.journey.path} exports no journey called ${orders.journey.name}`);

export const options = orders.options;

const ANSWER_WITHIN = '30s';

/** VUs that there may be while the gate is open, as far as this VU knows. */
let normal = orders.planned;

export function visit(): void {
  const { vusInitialized } = exec.instance;
  if (vusInitialized > normal) {
    if (askGate(vusInitialized) !== 'open') {
      // Neither sent nor counted: k6's own figures are read by this tag.
      exec.vu.metrics.tags[TAG] = 'closed';
      return;
    }
    normal = vusInitialized;
  }
  const number = exec.scenario.iterationInTest;
  try {
    travel(number);
  } catch (error) {
    const defect: Defect = { defect: String(error), stack: (error instanceof Error && error.stack) || '' };
    console.log(MARK + JSON.stringify(defect));
  }
}

function travel(number: number): void {
  const { startTime } = exec.scenario;
  let receipts: string[] = [];
  const tell = (out: number, answers: Step[3], outcome: string | null): void => {
    const step: Step = [number, Date.now() - startTime, out, answers, outcome, receipts];
    console.log(MARK + JSON.stringify(step));
    receipts = [];
  };
  const travelling = start(new Visitor(number, random(orders.seed, number), (receipt) => receipts.push(receipt)));
  let step = travelling.next();
  let answers: Step[3] = [];
  while (!step.done) {
    const asks = step.value;
    tell(asks.length, answers, null);
    const replies = send(asks);
    answers = replies.map(({ status, timings }, place) => {
      const { handler, method } = asks[place] as Ask;
      return [handler, method, status, timings.blocked + timings.duration];
    });
    const lost = replies.find(({ status }) => status === 0);
    if (lost) {
      travelling.return('');
      tell(0, answers, lost.loss);
      return;
    }
    step = travelling.next(replies.map(({ status, body }) => new Answer(status, body)));
  }
  tell(0, answers, step.value);
}

const start = (visitor: Visitor): Journey => (journey as JourneyFunction)(visitor);

interface Reply {
  /** 0 where there was no whole answer. */
  readonly status: number;
  readonly loss: string;
  readonly body: string;
  readonly timings: { readonly blocked: number; readonly duration: number };
}

/** Several go out at the same moment. */
function send(asks: readonly Ask[]): Reply[] {
  const requests = asks.map((ask) => {
    const { handler, method, path, body } = ask;
    return {
      method,
      url: orders.url + path,
      body: typeof body === 'object' ? body.buffer : (body ?? null),
      params: {
        headers: headersOf(ask),
        // Paths carry identifiers; the handler is the name that k6's own figures go by.
        tags: { handler, name: handler },
        timeout: ANSWER_WITHIN,
        redirects: 0,
        responseType: 'text' as const,
      },
    };
  });
  const [only, second] = requests;
  if (only !== undefined && second === undefined)
    return [replyOf(http.request(only.method, only.url, only.body, only.params))];
  return (http.batch(requests) as RefinedResponse<'text'>[]).map(replyOf);
}

function replyOf({ status, error, error_code, body, timings }: RefinedResponse<'text'>): Reply {
  const loss = lossOf(status, error_code, error);
  return { status: loss === undefined ? status : 0, loss: loss ?? '', body: body ?? '', timings };
}

/** Begun twenty times a second, beside the load. */
export function control(): void {
  for (;;) {
    // Before the count of active ones is read: whoever begins after this can see it too, so 'none active' stays true.
    const { vusInitialized } = exec.instance;
    const state = askGate(vusInitialized, exec.vu.idInTest);
    if (state === 'open') return;
    if (state === 'end') exec.test.abort('the load is over');
    sleep(0.05);
  }
}

/** `control`: the VU that asks on behalf of `control`, 0 for one that only wants to know. */
function askGate(initialized: number, control = 0): GateState {
  const active = exec.instance.vusActive;
  const query = `control=${control}&active=${active}&initialized=${initialized}`;
  const answer = http.get(`${orders.gate}?${query}`, {
    tags: { [TAG]: 'gate', name: 'gate' },
    responseType: 'text',
    timeout: '10s',
  });
  return answer.status === 200 ? (answer.body as GateState) : 'end';
}

export function handleSummary(data: object): Record<string, string> {
  return { stdout: `${SUMMARY_MARK}${JSON.stringify(data)}\n` };
}
