import { realDuration } from '../format.ts';
import { type Chapter, storyOf } from '../model/story.ts';
import type { RunReport } from '../model.ts';
import type { Judgement, RemedyReport } from '../run-json.ts';
import { SIGN, whenText } from '../words.ts';
import { chartOf, claimId, steps, titleOf } from './expectations.ts';
import { breakable, type Html, html } from './template.ts';
import { chip } from './verdict.ts';

/** The incident told from alert to cause to fix, for somebody who was not there; nothing where no chapter was written. */
export function storySection(report: RunReport): Html | false {
  const story = storyOf(report);
  if (story.length === 0) return false;
  return html`<section id="story" aria-labelledby="story-title">
    <h2 id="story-title">The incident, step by step</h2>
    <p class="note">Each chapter is what had to be seen next, and leads to its expectations below.</p>
    <ol class="story">${story.map((step) => (step.kind === 'chapter' ? chapter(report, step) : applied(report, step.remedy)))}</ol>
  </section>`;
}

function chapter(report: RunReport, { number, title, verdict, decided, judgements }: Chapter): Html {
  const drawn = judgements.find(({ chart }) => chart !== null);
  return html`<li class="story__step story__step--${verdict}">
    <span class="story__number">${number}</span>
    <div class="story__body">
      <h3>${breakable(title)}</h3>
      <p class="story__when">${chip(verdict)} ${decided === null ? 'never decided' : whenText(report, decided)}</p>
      <ul class="story__claims">${judgements.map((judgement) => told(report, judgement, judgement === drawn))}</ul>
    </div>
  </li>`;
}

/** What was claimed and what was seen; what has no chart is told moment by moment. One chart a chapter: the rest is a link away. */
function told(report: RunReport, judgement: Judgement, draw: boolean): Html {
  const { verdict, received, chart, timeline } = judgement;
  return html`<li>
    <p class="story__claim"><span class="story__sign story__sign--${verdict}" aria-hidden="true">${SIGN[verdict]}</span>
      <span><a href="#${claimId(report, judgement)}">${breakable(titleOf(judgement))}</a><span class="visually-hidden">: ${verdict}</span></span></p>
    <p class="quiet">${received}</p>
    ${chart === null && timeline.length > 1 && steps(judgement)}
    ${draw && chartOf(report, judgement)}
  </li>`;
}

function applied(report: RunReport, { name, description, state, moment, seen, source, ms }: RemedyReport): Html {
  const done = state === 'applied';
  return html`<li class="story__step story__step--${done ? 'remedy' : 'broken'}">
    <span class="story__number" aria-hidden="true">${done ? '+' : SIGN.broken}</span>
    <div class="story__body">
      <h3>${done ? 'Applied' : 'Could not be applied'}: ${breakable(name)}</h3>
      <p class="story__when">${whenText(report, moment)}, in ${realDuration(ms)} real</p>
      <p>${description}</p>
      <p class="quiet">${seen} (${source})</p>
    </div>
  </li>`;
}
