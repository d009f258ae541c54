import { isGolden, readGolden, surveyGolden } from '../../../lib/core/replay/golden';

const survey = (text: string, labelPath?: string): ReturnType<typeof surveyGolden> => surveyGolden(Buffer.from(text), labelPath);
const body = (line: string): string => {
  const read = readGolden(line);
  return isGolden(read) ? Buffer.from(read.body).toString('utf8') : read.problem;
};

test('a line has a request of any JSON, whose digits stay, or a text, or bytes, and what is right', () => {
  expect(readGolden('{"request": {"id": 12345678901234567890, "amount": 1.5}, "label": "fraud"}')).toEqual({
    body: Buffer.from('{"id":12345678901234567890,"amount":1.5}'), contentType: 'application/json', label: 'fraud',
  });
  expect(readGolden('{"text": "1,2\\n", "contentType": "text/csv", "label": 7}')).toEqual({ body: Buffer.from('1,2\n'), contentType: 'text/csv', label: '7' });
  expect(readGolden('{"base64": "/9j/", "contentType": "image/jpeg", "answer": {"label": "cat"}, "id": "photo 1"}')).toEqual({
    body: Buffer.from([255, 216, 255]), contentType: 'image/jpeg', answer: Buffer.from('{"label":"cat"}'),
  });
  expect(body('{"request": null}')).toBe('null');
});

test.each([
  ['no JSON', '{"request": ', 'is not valid JSON; write an object such as {"request": {"amount": 12.5}, "label": "fraud"} on each line'],
  ['a list', '[1]', 'is not a JSON object'],
  ['no request', '{"label": 1}', 'has no request, but needs one of request (any JSON), text and base64'],
  ['two requests', '{"request": 1, "text": "1"}', 'has request and text, but needs one'],
  ['a misspelt label', '{"request": 1, "lable": 1}', 'has "lable", which is not known; a line has request, text, base64, contentType, label, answer, id'],
  ['a text of unknown type', '{"text": "1,2"}', 'has text without contentType; say what it is'],
  ['no base64', '{"base64": "%%", "contentType": "image/png"}', 'has a base64 that is none'],
  ['a label of many parts', '{"request": 1, "label": {"a": 1}}', 'has a label that is not text, a number or a boolean'],
  ['a request that Lambda does not take', JSON.stringify({ text: 'x'.repeat(5_000_000), contentType: 'text/plain' }), 'has a request of 5000000 bytes, but at most'],
])('a line with %s is refused, and says why', (_, line, problem) => {
  expect(body(line)).toContain(problem);
});

test('a file is read as a whole: blank lines are none, what is wrong has its line, and much of it is cut short', () => {
  expect(survey('\uFEFF{"request": 1}\r\n\n{"request": 2, "answer": 3}\n')).toEqual({ requests: 2, labelled: 1, problems: [] });
  expect(survey('')).toMatchObject({ requests: 0, problems: [expect.stringContaining('has no requests; write one such as')] });
  expect(survey('\n \n')).toMatchObject({ requests: 0, problems: [expect.stringContaining('has no requests')] });
  expect(survey('{"request": 1}\nnonsense').problems).toEqual([expect.stringContaining('line 2 is not valid JSON')]);
  expect(survey('a\nb\nc\nd\ne').problems).toEqual([expect.stringContaining('line 1'), expect.stringContaining('line 2'), expect.stringContaining('line 3'), '2 more problems']);
});

test('labels need a place to be compared with, and a place needs labels', () => {
  expect(survey('{"request": 1, "label": "a"}').problems).toEqual([expect.stringContaining('line 1 has a label, but the replay has no labelPath')]);
  expect(survey('{"request": 1, "label": "a"}', '$.label')).toEqual({ requests: 1, labelled: 1, problems: [] });
  expect(survey('{"request": 1}', '$.label').problems).toEqual([expect.stringContaining('has no label, but the replay has a labelPath')]);
});
