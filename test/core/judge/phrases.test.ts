import { evidenceText, ratioText } from '../../../lib/core/judge/phrases';
import { countText, numberText, timeText } from '../../../lib/core/text';

describe('phrases', () => {
  test.each([[0, '0'], [0.0314, '0.031'], [3.14, '3.1'], [41, '41'], [412.4, '412'], [1320, '1,320'], [1234567, '1,234,567'], [2e-9, '0.000000002'], [NaN, 'NaN']])('number %p', (value, text) => {
    expect(numberText(value)).toBe(text);
  });

  test('counts keep their digits', () => {
    expect(countText(13207)).toBe('13,207');
    expect(countText(12)).toBe('12');
    expect(countText(12.345)).toBe('12');
  });

  test('evidence is a factor, not a logarithm', () => {
    expect(evidenceText(Math.log(412))).toBe('412');
    expect(evidenceText(0)).toBe('1');
    expect(evidenceText(-800)).toBe('below 0.01');
    expect(evidenceText(Math.log(234_567))).toBe('234,567');
    expect(evidenceText(5000)).toBe('over a million');
  });

  test('ratios and times', () => {
    expect(ratioText({ estimate: 3.1, lower: 2.2, upper: 4.4 })).toBe('3.1 times as often [2.2, 4.4]');
    expect(ratioText({ lower: 0 })).toBe('no ratio yet');
    expect(ratioText({ lower: 4.2 })).toBe('at least 4.2 times as often');
    expect(ratioText({ estimate: 1, lower: 0.004, upper: 120 })).toBe('1.0 times as often [0.004, 120]');
    expect(timeText(Date.UTC(2026, 10, 24, 12, 5))).toBe('2026-11-24 12:05 UTC');
    expect(timeText(NaN)).toBe('NaN');
  });
});
