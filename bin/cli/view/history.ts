import Table from 'cli-table3';
import type { GuardrailEvidenceStatus } from '../documents/evidence-document';
import type { DecisionEntry, HistoryDocument } from '../documents/history-document';
import { instant, percent, shortVersion } from './format';
import { line, type Paint, type Style } from './line';
import { BORDERLESS } from './borderless';

const STYLES: { readonly [verdict: string]: Style } = {
  'advance': 'cyan',
  'promote': 'green',
  'roll back': 'red',
  'invalid': 'yellow',
  'hold': 'dim',
};
/** Time, verdict, version and share with the space between them. */
const BEFORE_SENTENCE = 20 + 9 + 12 + 8 + 4 * 2;

/** The table that `history` shows; sentences are wrapped to the width, if there is one. */
export function renderHistory(document: HistoryDocument, paint: Paint, columns?: number): string {
  const { decisions, rejected, more } = document;
  const parts: string[] = [];
  if (decisions.length === 0) {
    parts.push(line`${document.alias} has no decisions: no rollout has been judged yet`.text);
  } else {
    const width = Math.max(30, (columns ?? 0) - BEFORE_SENTENCE);
    const table = new Table({
      chars: BORDERLESS, style: { 'padding-left': 0, 'padding-right': 0, 'border': [], 'head': [] },
      ...(columns === undefined ? {} : { wordWrap: true, colWidths: [20, 9, 12, 8, width] }),
    });
    table.push(...decisions.map((entry) => row(entry, paint)));
    parts.push(`${more ? `${line`${paint('dim', 'older decisions: --limit')}`.text}\n` : ''}${table.toString().replace(/ +$/gm, '')}`);
  }
  if (rejected.length > 0) {
    parts.push(['rejected versions, refused until `model-rollout retry`:',
      ...rejected.map(({ version, reason, at }) => line`  ${paint('red', version)}  ${instant(at)}  ${reason}`.text)].join('\n'));
  }
  return parts.join('\n\n');
}

function row(entry: DecisionEntry, paint: Paint): string[] {
  const repeated = entry.count > 1 ? ` (${entry.count} times since ${instant(entry.from)})` : '';
  return [
    line`${instant(entry.to)}`, paint(STYLES[entry.verdict] ?? 'bold', entry.verdict), line`${shortVersion(entry.version)}`,
    line`${percent(entry.percent).padStart(7)}`, line`${entry.sentence}${paint('dim', repeated)}`,
  ].map(({ text }, column) => (column === 4 ? [text, ...evidenceLines(entry, paint)].join('\n') : text));
}

/** Each guardrail's evidence under a decision that moved something; a hold says what it lacks. */
function evidenceLines({ verdict, evidence }: DecisionEntry, paint: Paint): string[] {
  return verdict === 'hold'
    ? []
    : (evidence?.guardrails ?? []).map((judged) => line`${paint('dim', named(judged))}`.text);
}

function named(judged: GuardrailEvidenceStatus): string {
  return `${judged.name}: ${withoutName(judged)}`;
}

/** A sentence often begins with what is compared, which is a guardrail's name unless it has one of its own. */
export function withoutName({ name, sentence }: Pick<GuardrailEvidenceStatus, 'name' | 'sentence'>): string {
  return sentence.startsWith(`${name}: `) ? sentence.slice(name.length + 2) : sentence;
}
